#include "fake_launcher.hpp"

#include <shunt/schemas/error.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace shunt::test {

FakeLauncher::FakeLauncher(const shunt_plugin& plugin) : plugin_(plugin) {
  for (const auto bytes : kClasses)
    for (int i = 0; i < kChunksPerClass; ++i) chunks_.push_back({std::vector<std::uint64_t>(bytes / 8), false});
  for (auto* text : {&answer_text_, &failure_text_, &log_, &exception_, &last_error_}) text->reserve(8192);
  self_ = plugin_.create(reinterpret_cast<shunt_runtime*>(this), &services_);
  if (self_ == nullptr) throw std::runtime_error("the plugin was not made: " + log_);
}

FakeLauncher::~FakeLauncher() { plugin_.destroy(self_); }

FakeLauncher::Outcome FakeLauncher::init(const std::map<std::string, std::string>& settings) {
  std::vector<shunt_setting> pairs;
  pairs.reserve(settings.size());
  for (const auto& [key, value] : settings) pairs.push_back({key.c_str(), value.c_str()});
  char text[256] = "";
  const int code = plugin_.init(self_, pairs.data(), pairs.size(), text, sizeof text);
  return {code, text};
}

FakeLauncher::Outcome FakeLauncher::validate() {
  char text[256] = "";
  const int code = plugin_.validate(self_, text, sizeof text);
  return {code, text};
}

FakeLauncher::Outcome FakeLauncher::activate() {
  char text[256] = "";
  const int code = plugin_.activate(self_, text, sizeof text);
  return {code, text};
}

shunt_message FakeLauncher::message(std::uint32_t index, std::span<const std::uint8_t> payload, std::uint32_t flags) {
  std::ranges::copy(payload, reinterpret_cast<std::uint8_t*>(incoming_.data()));
  shunt_message message{};
  message.index = index;
  message.flags = flags;
  message.token = 77;
  message.payload = reinterpret_cast<const std::uint8_t*>(incoming_.data());
  message.payload_bytes = payload.size();
  return message;
}

void FakeLauncher::request(std::uint32_t function, std::span<const std::uint8_t> payload, std::uint32_t flags) {
  auto asked = message(function, payload, flags);
  asked.deadline_ns = kNow + 5000;
  plugin_.handle(self_, &asked);
}

void FakeLauncher::publish(std::uint32_t topic, std::span<const std::uint8_t> payload) {
  const auto sent = message(topic, payload, 0);
  plugin_.receive(self_, &sent);
}

void FakeLauncher::answer_calls(int code, std::span<const std::uint8_t> payload, std::string_view text) {
  answer_code_ = code;
  std::ranges::copy(payload, reinterpret_cast<std::uint8_t*>(answer_.data()));
  answer_bytes_ = payload.size();
  answer_text_ = text;
}

int FakeLauncher::fail_with(int code, const char* text) {
  last_error_ = text;
  return code;
}

int FakeLauncher::loan(std::size_t bytes, shunt_sample* out) {
  ++loans_;
  if (refuse_loans_ != SHUNT_OK) return fail_with(refuse_loans_, "the pool is used up");
  if (bytes > kClasses[std::size(kClasses) - 1])
    return fail_with(static_cast<int>(ErrorCode::TooLarge), "no size class fits");
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    auto& chunk = chunks_[i];
    if (chunk.out || chunk.memory.size() * 8 < bytes) continue;
    chunk.out = true;
    ++chunks_out_;
    *out = {reinterpret_cast<std::uint8_t*>(chunk.memory.data()), chunk.memory.size() * 8, i + 1};
    return SHUNT_OK;
  }
  return fail_with(static_cast<int>(ErrorCode::QuotaExceeded), "the pool is used up");
}

void FakeLauncher::give_back(shunt_sample* sample) {
  if (sample->handle == 0) return;
  auto& chunk = chunks_.at(sample->handle - 1);
  if (!chunk.out) throw std::logic_error("a chunk came back twice");
  chunk.out = false;
  --chunks_out_;
}

void FakeLauncher::take(Message& message, std::uint32_t index, shunt_sample* sample, std::size_t offset,
                        std::size_t bytes) {
  if (offset + bytes > sample->capacity) throw std::logic_error("the payload ends beyond its sample");
  std::memcpy(outgoing_.data(), sample->data + offset, bytes);
  ++message.count;
  message.index = index;
  message.in_chunk = sample->handle != 0;
  message.payload = {outgoing_.data(), bytes};
  give_back(sample);
}

shunt_services FakeLauncher::make_services() {
  shunt_services services{};
  services.size = sizeof services;
  services.loan = [](shunt_runtime* r, size_t bytes, shunt_sample* out) { return self(r).loan(bytes, out); };
  services.give_back = [](shunt_runtime* r, shunt_sample* sample) { self(r).give_back(sample); };
  services.reply = [](shunt_runtime* r, const shunt_message* m, shunt_sample* s, size_t offset, size_t bytes) {
    self(r).take(self(r).replies_, m->index, s, offset, bytes);
    return SHUNT_OK;
  };
  services.publish = [](shunt_runtime* r, uint32_t topic, shunt_sample* s, size_t offset, size_t bytes) {
    self(r).take(self(r).publications_, topic, s, offset, bytes);
    return SHUNT_OK;
  };
  services.publish_as = [](shunt_runtime* r, const shunt_publication* how, shunt_sample* s, size_t offset,
                           size_t bytes) {
    self(r).publications_.key = how->key;
    return self(r).services_.publish(r, how->topic_out, s, offset, bytes);
  };
  services.set_will = [](shunt_runtime* r, const shunt_publication* how, const uint8_t* payload, size_t bytes) {
    shunt_sample sample{const_cast<std::uint8_t*>(payload), bytes, 0};
    self(r).wills_.key = how->key;
    self(r).take(self(r).wills_, how->topic_out, &sample, 0, bytes);
    return SHUNT_OK;
  };
  services.publish_batch = [](shunt_runtime* r, const shunt_publication* how, shunt_part* parts, size_t count,
                              size_t* published) {
    for (*published = 0; *published < count; ++*published) {
      const shunt_part& part = parts[*published];
      const shunt_publication each{sizeof each, how->topic_out, part.key, how->flags, 0, how->origin_ns};
      shunt_sample sample = part.sample;
      self(r).services_.publish_as(r, &each, &sample, part.offset, part.bytes);
    }
    return SHUNT_OK;
  };
  services.room = [](shunt_runtime*) { return size_t{256}; };
  services.call = [](shunt_runtime* r, const shunt_message*, uint32_t call, shunt_sample* s, size_t offset,
                     size_t bytes, int64_t deadline_ns, shunt_answer* out) {
    auto& fake = self(r);
    fake.take(fake.calls_, call, s, offset, bytes);
    fake.calls_.deadline_ns = deadline_ns;
    if (fake.on_call_) fake.on_call_(fake.calls_.payload);
    if (fake.answer_code_ != SHUNT_OK) return fake.fail_with(fake.answer_code_, fake.answer_text_.c_str());
    *out = {reinterpret_cast<const std::uint8_t*>(fake.answer_.data()), fake.answer_bytes_, 9};
    ++fake.answers_held_;
    return SHUNT_OK;
  };
  services.call_as = [](shunt_runtime* r, const shunt_message* m, const shunt_call* how, shunt_sample* s, size_t offset,
                        size_t bytes, shunt_answer* out) {
    return self(r).services_.call(r, m, how->call, s, offset, bytes, how->deadline_ns, out);
  };
  services.answer_origin = [](shunt_runtime*, const shunt_answer*) { return int64_t{0}; };
  services.note_validation = [](shunt_runtime*, const char*, int, int64_t) {};
  services.clock_ns = [](shunt_runtime*) { return kNow; };
  services.timer_start = [](shunt_runtime* r, const shunt_timer* how, uint64_t*) {
    if (how->release != nullptr) how->release(how->data);
    return self(r).fail_with(static_cast<int>(ErrorCode::QuotaExceeded), "it has no timers");
  };
  services.timer_cancel = [](shunt_runtime*, uint64_t) {};
  services.release = [](shunt_runtime* r, shunt_answer*) { --self(r).answers_held_; };
  services.fail = [](shunt_runtime* r, const shunt_message* m, int code, const char* text, size_t text_bytes) {
    auto& fake = self(r);
    fake.failure_text_.assign(text, text_bytes);
    ++fake.failures_.count;
    fake.failures_.index = m->index;
    fake.failures_.code = code;
    fake.failures_.text = fake.failure_text_;
    return SHUNT_OK;
  };
  services.now_ns = [](shunt_runtime*) { return kNow; };
  services.cancelled = [](shunt_runtime* r, const shunt_message*) { return self(r).cancelled_ ? 1 : 0; };
  services.log = [](shunt_runtime* r, int, const char* text, size_t bytes) { self(r).log_.assign(text, bytes); };
  services.last_error = [](shunt_runtime* r) { return self(r).last_error_.c_str(); };
  services.describe_exception = [](shunt_runtime* r, const char* what) {
    self(r).exception_.assign(what).append(" [backtrace]");
    return self(r).exception_.c_str();
  };
  return services;
}

}  // namespace shunt::test
