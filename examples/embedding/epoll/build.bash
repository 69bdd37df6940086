#!/usr/bin/env bash
# The same host, and its plugin, with pkg-config and a compiler alone:
#   PKG_CONFIG_PATH=/where/shunt/is/lib/pkgconfig ./build.bash FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
build=${1:?the folder to build in}
read -ra options <<< "-std=c++20 -O2 -I$build"
read -ra host <<< "$(pkg-config --cflags --libs shunt-host)"
read -ra kit <<< "$(pkg-config --cflags --libs shunt-kit)"

# strategy_client.hpp for the host, strategy_contract.hpp and strategy_note.cpp for the plugin
"$(pkg-config --variable=manifest shunt-kit)" ../trading/plugin.toml --out "$build" --flatc flatc

set -x
mkdir -p "$build/plugins"
"${CXX:-g++}" "${options[@]}" host.cpp -o "$build/epoll-host" "${host[@]}"
"${CXX:-g++}" "${options[@]}" -shared ../trading/strategy.cpp "$build/strategy_note.cpp" \
  -o "$build/plugins/libstrategy.so" "${kit[@]}"
