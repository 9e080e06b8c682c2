#include "sw/activation/row_bench.hpp"

#include <fmt/format.h>

#include <random>
#include <stdexcept>

#include "tb/seed.hpp"

namespace s4::sw {

RowBench::RowBench(const std::string& config, tb::Kind kind, tb::ModelOptions options) {
  model_ = tb::Model::load("row_engine", config, kind, options);
  for (const char* name : {"cmd_valid_i", "rd0_ready_i", "rd0_rvalid_i", "rd1_ready_i",
                           "rd1_rvalid_i", "wr_ready_i"}) {
    model_->port(name).set(0);
  }
  model_->reset();
}

bool RowBench::run(const commands::RowsCommand& command, std::vector<std::uint8_t>& local,
                   PortStalls stalls) {
  return run(command.encode(), local, stalls);
}

bool RowBench::run(const commands::CommandBytes& command, std::vector<std::uint8_t>& local,
                   PortStalls stalls) {
  struct ReadPort {
    tb::Port valid, ready, addr, rvalid, rdata;
    bool answering = false;
    std::uint64_t answer = 0;
  };
  std::mt19937_64 random(tb::seed());
  tb::Model& m = *model_;
  const auto at = [&](std::uint64_t word, const char* what) {
    if ((word + 1) * 64 > local.size()) {
      throw std::runtime_error(fmt::format("row_engine {} word {:#x}, beyond the buffer of {:#x}",
                                           what, word, local.size() / 64));
    }
    return local.data() + word * 64;
  };
  ReadPort ports[2];
  for (unsigned i = 0; i < 2; ++i) {
    const std::string name = fmt::format("rd{}_", i);
    ports[i] = {m.port(name + "valid_o"), m.port(name + "ready_i"), m.port(name + "addr_o"),
                m.port(name + "rvalid_i"), m.port(name + "rdata_i")};
    reads_[i] = 0;
  }
  auto write_valid = m.port("wr_valid_o"), write_ready = m.port("wr_ready_i"),
       write_addr = m.port("wr_addr_o"), write_data = m.port("wr_data_o"), done = m.port("done_o"),
       error = m.port("error_o");

  m.port("cmd_i").set_bytes(command.data(), command.size());
  m.port("cmd_valid_i").set(1);
  m.eval();
  if (m.port("cmd_ready_o").get() == 0) throw std::runtime_error("row_engine is not idle");
  m.tick();
  m.port("cmd_valid_i").set(0);
  clocks_ = 0;
  writes_ = 0;
  bool finished = false, refused = false;
  std::uint64_t idle = 0;
  while (!finished) {
    for (ReadPort& port : ports) {
      port.rvalid.set(port.answering ? 1 : 0);
      if (port.answering) port.rdata.set_bytes(at(port.answer, "reads"), 64);
      port.ready.set(random() % 100 < stalls.read_percent ? 1 : 0);
    }
    write_ready.set(random() % 100 < stalls.write_percent ? 1 : 0);
    m.eval();
    ++idle;
    for (unsigned i = 0; i < 2; ++i) {
      ReadPort& port = ports[i];
      port.answering = port.valid.get() != 0 && port.ready.get() != 0;
      if (!port.answering) continue;
      port.answer = port.addr.get();
      ++reads_[i];
      idle = 0;
    }
    if (write_valid.get() != 0 && write_ready.get() != 0) {
      write_data.get_bytes(at(write_addr.get(), "writes"), 64);
      ++writes_;
      idle = 0;
    }
    finished = done.get() != 0;
    refused = error.get() != 0;
    if (idle > 10000) throw std::runtime_error("row_engine does nothing more");
    m.tick();
    ++clocks_;
  }
  for (ReadPort& port : ports) {
    port.ready.set(0);
    port.rvalid.set(0);
  }
  write_ready.set(0);
  return !refused;
}

}  // namespace s4::sw
