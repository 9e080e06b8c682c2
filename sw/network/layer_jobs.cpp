#include "sw/network/layer_jobs.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace s4::sw {
namespace {

using nlohmann::json;

std::string run_cut(const NetworkCut& cut, const NetworkOptions& options,
                    const config::Configuration& config, NetworkRunSettings settings) {
  json out{{"ok", false}, {"cycles", nullptr}, {"ideal", 0.0}, {"mismatches", 0}, {"first", ""}};
  settings.run.show_progress = false;
  const auto begin = std::chrono::steady_clock::now();
  try {
    const CompiledNetwork compiled = compile_network(prepare(cut.graph, options), config);
    const NetworkReport report = run_network(compiled, cut.inputs, config, settings);
    out["ok"] = report.ok();
    if (report.cycles) out["cycles"] = *report.cycles;
    out["ideal"] = report.ideal_cycles();
    out["mismatches"] = report.mismatches();
    std::string first = report.error;
    for (const Comparison& c : report.comparisons) {
      if (first.empty()) first = c.first;
      if (first.empty() && !c.made) first = c.what + ": not compared";
    }
    out["first"] = first;
  } catch (const std::exception& error) {
    out["first"] = error.what();
  }
  out["wall_s"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A process that runs one cut.
struct Child {
  pid_t pid = 0;
  int pipe = -1;
  std::size_t cut = 0;
  std::string text;
};

void write_all(int to, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(to, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(1);
    done += static_cast<std::size_t>(count);
  }
}

LayerCheck result_of(const Child& child, int status, std::size_t layer) {
  LayerCheck check;
  check.layer = layer;
  if (child.text.empty() || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    check.first = WIFSIGNALED(status)
                      ? fmt::format("the process was ended by signal {}", WTERMSIG(status))
                      : "the process ended without a result";
    return check;
  }
  const json in = json::parse(child.text);
  check.ok = in.at("ok");
  if (!in.at("cycles").is_null()) check.cycles = in.at("cycles").get<std::uint64_t>();
  check.ideal_cycles = in.at("ideal");
  check.mismatches = in.at("mismatches");
  check.first = in.at("first");
  check.wall_s = in.at("wall_s");
  return check;
}

}  // namespace

std::vector<LayerCheck> check_layers(const std::vector<NetworkCut>& cuts,
                                     const NetworkOptions& options,
                                     const config::Configuration& config,
                                     const NetworkRunSettings& settings, unsigned jobs,
                                     const std::function<void(const LayerCheck&)>& done) {
  std::vector<LayerCheck> checks(cuts.size());
  std::vector<Child> children;
  std::size_t next = 0;
  const auto start = [&] {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe for a job");
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("cannot start a process for a job");
    if (pid == 0) {
      close(ends[0]);
      write_all(ends[1], run_cut(cuts[next], options, config, settings));
      _exit(0);
    }
    close(ends[1]);
    children.push_back({pid, ends[0], next++, ""});
  };
  while (next < cuts.size() || !children.empty()) {
    while (next < cuts.size() && children.size() < std::max(jobs, 1U)) start();
    std::vector<pollfd> waits;
    for (const Child& child : children) waits.push_back({child.pipe, POLLIN, 0});
    if (poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw std::runtime_error(std::string("poll: ") + std::strerror(errno));
    }
    for (std::size_t i = waits.size(); i-- > 0;) {
      if (waits[i].revents == 0) continue;
      Child& child = children[i];
      char buffer[4096];
      const ssize_t count = read(child.pipe, buffer, sizeof buffer);
      if (count > 0) {
        child.text.append(buffer, static_cast<std::size_t>(count));
        continue;
      }
      close(child.pipe);
      int status = 0;
      while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
      }
      checks[child.cut] = result_of(child, status, cuts[child.cut].range.first);
      done(checks[child.cut]);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return checks;
}

}  // namespace s4::sw
