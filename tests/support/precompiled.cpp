// A source of its own: CMake compiles a precompiled header for a target that has one to use it in.
