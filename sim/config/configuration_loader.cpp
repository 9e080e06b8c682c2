#include "sim/config/configuration_loader.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace s4::sim {

config::Configuration load_configuration_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("configuration: cannot read " + path);
  config::Configuration result;
  try {
    const nlohmann::json data = nlohmann::json::parse(file);
    result.name = data.at("name").get<std::string>();
    result.hash = std::stoull(data.at("hash").get<std::string>(), nullptr, 16);
    for (const config::ConfigurationField& field : config::kConfigurationFields) {
      const auto& parameters = data.at("parameters");
      const auto& from = parameters.contains(field.name) ? parameters : data.at("derived");
      result.*field.member = from.at(field.name).get<std::uint32_t>();
    }
  } catch (const std::exception& error) {
    throw std::runtime_error("configuration: " + path + ": " + error.what());
  }
  return result;
}

config::Configuration load_configuration(const std::string& root, const std::string& name) {
  for (const char* folder : {"/rtl/config/gen/", "/build/gen/"}) {
    const std::string path = root + folder + name + "/config.json";
    if (std::filesystem::exists(path)) return load_configuration_file(path);
  }
  throw std::runtime_error("configuration: no configuration named '" + name + "' below " + root +
                           "/rtl/config/gen or " + root + "/build/gen");
}

}  // namespace s4::sim
