// A gateway: prices over HTTP, by the version that the request asks for.
//
//     curl -d EURUSD http://127.0.0.1:8080/price
//     curl -d EURUSD -H 'Shunt-Hints: v2;required' http://127.0.0.1:8080/price
#include "desk_client.hpp"  // generated from desk.toml

#include <shunt/host.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <httplib.h>

using namespace std::chrono_literals;

int http_status_of(shunt::ErrorCode code) {
  switch (code) {
    case shunt::ErrorCode::BadInput: return 400;
    case shunt::ErrorCode::NoSuchVersion: return 409;
    case shunt::ErrorCode::DeadlineExceeded: return 504;
    case shunt::ErrorCode::QuotaExceeded:
    case shunt::ErrorCode::RingFull:
    case shunt::ErrorCode::NotServing: return 503;
    default: return 502;
  }
}

/// The text that is sent back, or why there is none.
shunt::Result<std::string> price(desk::Client& desk, const httplib::Request& request) {
  SHUNT_TRY(hints, shunt::Hints::from_headers(request.headers));
  // Whoever asks may choose a version, and nothing else: an instance by its label, for example, only our own people
  // may.
  for (const shunt::LabelHint& label : hints.parts().labels)
    if (label.key != shunt::Hints::kTagKey)
      return shunt::error(shunt::ErrorCode::BadInput, "hints of \"{}\" are not for you", label.key);
  SHUNT_TRY(quote, desk.quote([&](auto& build) { return fx::CreateQuestion(build, build.CreateString(request.body)); },
                              {.deadline = 100ms, .hints = hints}));
  char text[96];
  std::snprintf(text, sizeof text, "%.5f %.5f by version %u\n", quote->bid(), quote->ask(), quote->version());
  return text;
}

shunt::Status run(const char* host_toml, int port, const sigset_t& ends) {
  SHUNT_TRY(host, shunt::Host::start(host_toml));
  SHUNT_TRY(desk, host.client<desk::Client>());
  httplib::Server server;
  server.Post("/price", [&](const httplib::Request& request, httplib::Response& response) {
    const auto text = price(desk, request);
    response.status = text ? 200 : http_status_of(text.error().code);
    response.set_content(text ? *text : to_string(text.error()) + "\n", "text/plain");
  });
  if (port == 0) port = server.bind_to_any_port("127.0.0.1");
  else if (!server.bind_to_port("127.0.0.1", port)) port = -1;
  if (port < 0) return shunt::error(shunt::ErrorCode::System, "this port of 127.0.0.1 cannot be listened on");
  std::jthread listening([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::sleep_for(1ms);  // before that, it cannot be stopped
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server.stop();
  return {};
}

int main(int argc, char** argv) {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int each : {SIGINT, SIGTERM}) sigaddset(&ends, each);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before there are threads, which inherit this
  const auto done = run(argc > 1 ? argv[1] : "host.toml", argc > 2 ? std::atoi(argv[2]) : 8080, ends);
  if (!done) std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
  return done ? 0 : 1;
}
