#ifndef SHUNT_PLUGIN_H
#define SHUNT_PLUGIN_H
/*
 * The C ABI between a plugin (a shared object) and the launcher that runs it. A plugin exports one symbol,
 * `shunt_plugin_descriptor`; the launcher hands it a table of services. Plain structs, no allocation crosses it.
 *
 * A plugin's phases are called on the serving thread, its `handle` and `receive`, its health and its timers there too;
 * of a plugin whose manifest allows several workers, these on any of them: `handle` and `receive` side by side, and
 * beside them one of the others at a time. Services are called on a thread that one of these runs on; `log`,
 * `cancelled`, `now_ns`, `clock_ns` and `last_error` on any thread of the plugin, and so is what answers a deferred
 * request: once one was deferred, `loan`, `give_back`, and for it `reply` and `fail`.
 *
 * `int` results are shunt::ErrorCode values, and SHUNT_OK (-1) for success. The text of the last error is read with
 * `last_error` on the same thread, and is valid until the next service call there.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHUNT_ABI 1u /* Of this header: a launcher refuses a descriptor of another one. */
#define SHUNT_OK (-1)

typedef struct shunt_runtime shunt_runtime; /* The launcher's; opaque. */

/* Memory to build one payload in, aligned to 8 bytes. `handle` 0: the plugin's own memory, copied when it is sent. */
typedef struct shunt_sample {
  uint8_t* data;
  size_t capacity;
  uint64_t handle;
} shunt_sample;

/* shunt_message.flags */
enum {
  SHUNT_REDELIVERED = 1u, /* An earlier instance may have done this already. */
  SHUNT_LATCHED = 2u,     /* A publication from before this instance was there: its topic keeps the last. */
  SHUNT_LAST_WILL = 8u    /* A publication that its publisher left with the host: it has vanished. */
};

#define SHUNT_NO_INDEX UINT32_MAX /* Of what a timer's handler is given. */

/* A request or a publication while its handler runs. All of it ends with the handler. */
typedef struct shunt_message {
  uint32_t index; /* Of the function, or of the topic in: its place in the manifest. */
  uint32_t flags;
  uint64_t token;         /* Names this message to services made on its behalf; 0 in a timer's handler. */
  int64_t deadline_ns;    /* CLOCK_MONOTONIC; 0 for a publication, which has none. */
  const uint8_t* payload; /* Aligned to 8 bytes; not verified. Does not change while the handler runs. */
  size_t payload_bytes;
  int64_t origin_ns; /* When what it tells of came about, on CLOCK_MONOTONIC; 0: nobody in its chain said. */
  /* What the first of its chain wants of the versions that handle it, as "2;region=bj": not zero-terminated. Calls made
     on its behalf have it too. */
  const char* hints;
  size_t hints_bytes; /* 0: nothing; hints may be NULL then. */
} shunt_message;

/* Of what is sent: origin_ns is a time above 0, or one of these. */
#define SHUNT_ORIGIN_INHERITED INT64_C(0) /* That of the message whose handler sends it; what is 0 by default. */
#define SHUNT_ORIGIN_NOW INT64_C(-1)      /* Reads the clock. */
#define SHUNT_ORIGIN_NONE INT64_C(-2)

/* The answer to a nested call; holds the payload until `release`. Aligned to 8 bytes; not verified. */
typedef struct shunt_answer {
  const uint8_t* payload;
  size_t payload_bytes;
  uint64_t handle;
} shunt_answer;

/* Of which topic out, and how. */
typedef struct shunt_publication {
  uint32_t size;      /* sizeof(shunt_publication) of the caller: members beyond it count as 0. */
  uint32_t topic_out; /* Its place in the manifest. */
  uint64_t key;       /* Where the host conflates, the latest message of each key counts; 0: the key of all without. */
  uint32_t flags;     /* SHUNT_URGENT or 0. */
  uint32_t reserved;  /* 0 */
  int64_t origin_ns;  /* When what it tells of came about: a time, or SHUNT_ORIGIN_...; at most 2^56 - 1. */
} shunt_publication;

/* Of which call, and how. */
typedef struct shunt_call {
  uint32_t size;       /* sizeof(shunt_call) of the caller: members beyond it count as 0. */
  uint32_t call;       /* Its place in the manifest. */
  int64_t deadline_ns; /* 0: the parent's. */
  int64_t origin_ns;   /* As of a publication. */
} shunt_call;

enum { SHUNT_URGENT = 1u }; /* shunt_publication.flags: it overtakes what is not urgent, also its own publisher's. */

/* One of several publications that go out together. */
typedef struct shunt_part {
  shunt_sample sample;
  size_t offset; /* Of the payload within the sample, as is the next. */
  size_t bytes;
  uint64_t key;
} shunt_part;

/* What a timer's handler is told about this time. */
typedef struct shunt_tick {
  uint32_t size;     /* sizeof(shunt_tick) of the launcher: members beyond it are not there. */
  uint32_t reserved; /* 0 */
  uint64_t timer;
  int64_t due_ns;  /* When it was due, on the plugin's clock. */
  uint64_t missed; /* Periods that went by without it before this time, because something else ran; nobody makes up. */
} shunt_tick;

/* A timer: `fire` runs as a handler does, between messages, and ends with cleanup. */
typedef struct shunt_timer {
  uint32_t size;     /* sizeof(shunt_timer) of the caller: members beyond it count as 0. */
  uint32_t reserved; /* 0 */
  int64_t delay_ns;  /* Until the first time, on the plugin's clock; at least 0. */
  int64_t period_ns; /* From one to the next; 0: it comes once. */
  /* The message is there for services made on its behalf: it has no payload, and nobody waits for an answer. */
  void (*fire)(void* data, const shunt_message*, const shunt_tick*);
  void* data;
  void (*release)(void* data); /* Once, when `fire` does not run any more: it ended, or was refused. May be null. */
} shunt_timer;

typedef struct shunt_setting {
  const char* key;
  const char* value; /* As text; the contract knows the type. */
} shunt_setting;

typedef struct shunt_services {
  uint32_t size; /* sizeof(shunt_services) of the launcher: members beyond it are not there. */

  /* A chunk of the outbound pool for `bytes`. Errors: QuotaExceeded, TooLarge. */
  int (*loan)(shunt_runtime*, size_t bytes, shunt_sample* out);
  /* Gives a loan back unsent. */
  void (*give_back)(shunt_runtime*, shunt_sample*);

  /* Each send consumes the sample, also when it fails; the payload is `bytes` at `offset` within it. A sample with
   * handle 0 travels in the message when it fits there and is copied into a chunk otherwise. While the ring to the host
   * is full, reply waits until the request's deadline and publish at most 3 s; then RingFull. */
  int (*reply)(shunt_runtime*, const shunt_message*, shunt_sample*, size_t offset, size_t bytes);
  int (*publish)(shunt_runtime*, uint32_t topic_out, shunt_sample*, size_t offset, size_t bytes);
  /* Blocks until the answer, the deadline (0: the parent's), the end of the host, or until nobody waits for the
   * parent's own answer any more: then Cancelled. Runs no other handler meanwhile. */
  int (*call)(shunt_runtime*, const shunt_message* parent, uint32_t call, shunt_sample*, size_t offset, size_t bytes,
              int64_t deadline_ns, shunt_answer* out);
  void (*release)(shunt_runtime*, shunt_answer*);
  /* Answers a request with an error. `code` is a shunt::ErrorCode; PluginFailed for an error of the plugin's own. For a
   * publication, whose sender does not wait, the failure is counted and reported. The text is copied. */
  int (*fail)(shunt_runtime*, const shunt_message*, int code, const char* text, size_t text_bytes);

  int64_t (*now_ns)(shunt_runtime*);                      /* The clock that deadlines are on. */
  int (*cancelled)(shunt_runtime*, const shunt_message*); /* 1 when nobody waits for the answer any more. */
  void (*log)(shunt_runtime*, int level, const char* text, size_t text_bytes); /* 0 debug, 1 info, 2 warning, 3 error */
  const char* (*last_error)(shunt_runtime*);                                   /* Zero-terminated. */
  /* Called from a catch block: the text with the backtrace of the throw appended. Valid until the next service call. */
  const char* (*describe_exception)(shunt_runtime*, const char* what);

  /* As publish, with all that can be said of a publication. Errors: also BadInput, for a `size` that cannot be. */
  int (*publish_as)(shunt_runtime*, const shunt_publication*, shunt_sample*, size_t offset, size_t bytes);

  /* The request whose handler runs will be answered later; its handler may return. `later` is what reply, fail and
   * cancelled are given for it, on any thread, until one of the first two has said SHUNT_OK: it has the request's
   * index, flags and deadline, a token of its own and no payload. Exactly one answer is owed. When nobody waits for it
   * any more, because its deadline has passed or its caller cancelled, the launcher answers; who does so later gets
   * that as the error, once, and owes nothing more. A `fail` that finds no room (RingFull) owes nothing more either:
   * the launcher answers PluginFailed as soon as it can. Errors: BadInput, when it was answered or deferred before. */
  int (*defer)(shunt_runtime*, const shunt_message* request, shunt_message* later);

  /* Leaves with the host what it publishes for this instance when that vanishes, on a topic whose manifest declares a
   * last will: at most 4 KiB, aligned to 8 bytes, which are copied. Each such topic needs one before validate returns;
   * from then on a later one takes its place. Of the publication `key` counts. Blocks while the control socket is full.
   * Errors: Undeclared (no such topic, no last will of it, or before validate), TooLarge, BadInput, HostGone. */
  int (*set_will)(shunt_runtime*, const shunt_publication*, const uint8_t* payload, size_t bytes);

  /* As publish_as for each part, in order, with one look for a host that sleeps. The parts have their keys; the
   * publication's own does not count. What other workers send lies between them only where the ring was full. Consumes
   * all samples. `published` gets how many went out: all, or those before the one that the error is about. */
  int (*publish_batch)(shunt_runtime*, const shunt_publication*, shunt_part*, size_t count, size_t* published);
  /* How many messages fit into the ring to the host now; on a thread that runs no handlers, 0. */
  size_t (*room)(shunt_runtime*);

  /* The plugin's clock: CLOCK_MONOTONIC, as now_ns, unless its host drives it; then it stands still meanwhile. */
  int64_t (*clock_ns)(shunt_runtime*);
  /* From activate on. The first time is never before activate has ended. Errors: Undeclared (before activate, or once
   * cleanup has begun), BadInput, QuotaExceeded (1024 timers). */
  int (*timer_start)(shunt_runtime*, const shunt_timer*, uint64_t* timer);
  /* It does not fire again; a handler of it that runs now, on another worker, runs to its end. One that has ended, or
   * never was: nothing. */
  void (*timer_cancel)(shunt_runtime*, uint64_t timer);

  /* As call, with all that can be said of one. Errors: also BadInput, for a `size` or an origin that cannot be. */
  int (*call_as)(shunt_runtime*, const shunt_message* parent, const shunt_call*, shunt_sample*, size_t offset,
                 size_t bytes, shunt_answer* out);
  /* Of an answer that is not released: as shunt_message.origin_ns. A reply has that of its request. */
  int64_t (*answer_origin)(shunt_runtime*, const shunt_answer*);

  /* For people: a validator of the plugin's own was asked about a payload of `type`, a zero-terminated text that stays,
   * and refused it (1) or not (0); `took_ns` below 0: nobody measured. The first 64 types are counted. */
  void (*note_validation)(shunt_runtime*, const char* type, int refused, int64_t took_ns);
} shunt_services;

/* Where a snapshot goes. */
typedef struct shunt_state_sink {
  uint32_t size;     /* sizeof(shunt_state_sink) of the launcher: members beyond it are not there. */
  uint32_t reserved; /* 0 */
  void* data;
  /* Once, with the whole of it: a FlatBuffer of the state's type; copied. Errors: BadInput (a second time, or nothing),
   * TooLarge (above what the host takes), System. */
  int (*write)(void* data, const uint8_t* state, size_t bytes);
} shunt_state_sink;

enum { SHUNT_SERVING = 0, SHUNT_DEGRADED = 1, SHUNT_NOT_SERVING = 2 };

typedef struct shunt_plugin {
  uint32_t abi;  /* SHUNT_ABI */
  uint32_t size; /* sizeof(shunt_plugin) of the plugin's header */

  void* (*create)(shunt_runtime*, const shunt_services*); /* Null when it failed. */
  void (*destroy)(void* self);
  /* The phases, in this order. A failure writes a zero-terminated text of at most `text_bytes` to `text`. */
  int (*init)(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes);
  int (*validate)(void* self, char* text, size_t text_bytes);
  int (*activate)(void* self, char* text, size_t text_bytes);
  void (*cleanup)(void* self);
  /* SHUNT_SERVING, SHUNT_DEGRADED or SHUNT_NOT_SERVING; asked once activate has succeeded and now and then from then
   * on, between messages. May be null: then it serves. */
  int (*health)(const void* self);

  /* A request; answered by `reply` or `fail`, or deferred by `defer`, before it returns. */
  void (*handle)(void* self, const shunt_message*);
  /* A publication. */
  void (*receive)(void* self, const shunt_message*);

  /* Members from here on may be missing, or null: the launcher looks at `size`. */

  /* As health, with the reason: a zero-terminated text of at most `text_bytes`, empty for none. Asked instead of it. */
  int (*report_health)(const void* self, char* text, size_t text_bytes);

  /* Both needed where the manifest has [state]. On the serving thread, while nothing else of the plugin runs.
   *
   * Writes what it knows to `to`, as the state of that number in the manifest. Nothing of it runs after this until it
   * is cleaned up, or goes on because the hand-over failed. */
  int (*snapshot)(void* self, uint32_t version, const shunt_state_sink* to, char* text, size_t text_bytes);
  /* What another version wrote takes the place of all that it knows; after activate, and before any message. `state`
   * is aligned to 8 bytes, not verified, and ends with the call. */
  int (*restore)(void* self, uint32_t version, const uint8_t* state, size_t bytes, char* text, size_t text_bytes);
} shunt_plugin;

#define SHUNT_EXPORT __attribute__((visibility("default")))

extern SHUNT_EXPORT const shunt_plugin shunt_plugin_descriptor;

#ifdef __cplusplus
}
#endif
#endif
