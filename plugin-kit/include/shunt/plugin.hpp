#pragma once
/// The C++ SDK for plugins, over the C ABI of plugin.h. Generated contracts include it; a plugin includes its contract.
///
///     #include "momentum_contract.hpp"
///
///     class Momentum final : public momentum::Contract {
///       shunt::Status init(const momentum::Config& config) override { ...; return {}; }
///       shunt::Status signal(const shunt::Context&, const market::Bar& bar,
///                            shunt::Reply<market::Signal>& reply) override {
///         return reply.send([&](auto& build) { return market::CreateSignal(build, bar.sequence()); });
///       }
///     };
///     SHUNT_PLUGIN(Momentum)
///
/// Handlers run one at a time, on the serving thread; where the manifest has `workers`, side by side. One that throws,
/// or that returns an error or without a reply that is sent or deferred, answers its caller with PluginFailed or with
/// the error; nothing of it reaches the launcher as an exception.

#include <shunt/plugin-kit/call.hpp>
#include <shunt/plugin-kit/context.hpp>
#include <shunt/plugin-kit/contract_base.hpp>
#include <shunt/plugin-kit/descriptor.hpp>
#include <shunt/plugin-kit/dispatch.hpp>
#include <shunt/plugin-kit/last_will.hpp>
#include <shunt/plugin-kit/publish.hpp>
#include <shunt/plugin-kit/publish_batch.hpp>
#include <shunt/plugin-kit/settings.hpp>

// The names live in shunt::kit, because a host has a Reply and a CallOptions of its own.
namespace shunt {
using bus::Payload;
using kit::Answer;
using kit::BatchOptions;
using kit::BatchSent;
using kit::CallOptions;
using kit::Clock;
using kit::Context;
using kit::Deferred;
using kit::Health;
using kit::LastWill;
using kit::LastWillOptions;
using kit::Loan;
using kit::PublishOptions;
using kit::Received;
using kit::Reply;
using kit::SendOptions;
using kit::Snapshot;
using kit::Tick;
using kit::Timer;
}  // namespace shunt
