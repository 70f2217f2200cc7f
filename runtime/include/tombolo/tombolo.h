/*===- tombolo.h - The C interface of the Tombolo runtime ---------*- C -*-===*\
|*
|* Runs language models from .tbo artifacts. Plain C99, no dependencies, usable
|* from any language that can call C.
|*
|* - Functions that can fail return a tombolo_status; what went wrong is then in
|*   tombolo_error_message(), per thread, until that thread's next failure.
|* - What a function that fails would have given is NULL or 0.
|* - Handles are opaque. A session keeps its model alive: free them in any
|*   order.
|* - A model may be used from several threads at once; a session from one at a
|*   time (tombolo_session_interrupt excepted).
|* - Strings are UTF-8. Token ids are int32_t.
|* - Option structs start with their size, so that programs built against an
|*   older header keep working: fill them with the *_init function first. It
|*   hands the size of the struct in this header to the library's
|*   *_init_sized, which writes no byte beyond it. Fields are only added at the
|*   end; 0 in one means what the library did before it had the field, and a
|*   library without the field refuses anything else.
|* - No function throws, exits or prints.
|*
\*===----------------------------------------------------------------------===*/

#ifndef TOMBOLO_TOMBOLO_H
#define TOMBOLO_TOMBOLO_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TOMBOLO_API __attribute__((visibility("default")))
#else
#define TOMBOLO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- Library ------------------------------------------------------------- */

typedef enum tombolo_status {
  TOMBOLO_OK = 0,
  TOMBOLO_ERROR = 1
} tombolo_status;

/* "0.1.0". */
TOMBOLO_API const char *tombolo_version(void);
/* The newest artifact format this library reads. */
TOMBOLO_API uint32_t tombolo_format_version(void);
/* `WHERE: MESSAGE` of the last call on this thread that failed, one line for
   each error and note; "" where none did. */
TOMBOLO_API const char *tombolo_error_message(void);
/* Frees memory that a function here gave to the caller; NULL is fine. */
TOMBOLO_API void tombolo_free(void *memory);

/* --- Models -------------------------------------------------------------- */

typedef struct tombolo_model tombolo_model;

/* Runs `task(task_data, t)` for each t in [0, threads), in any order and with
   any concurrency, and returns when all have returned. Kernels keep tiles on
   the stack: tasks need threads with at least 512 KiB of it. */
typedef void (*tombolo_parallel_for)(void *user, int threads,
                                     void (*task)(void *task_data, int thread),
                                     void *task_data);

typedef enum tombolo_check_weights {
  TOMBOLO_CHECK_AUTO = 0, /* weights of up to 1 GiB */
  TOMBOLO_CHECK_ALWAYS = 1,
  TOMBOLO_CHECK_NEVER = 2
} tombolo_check_weights;

typedef struct tombolo_model_options {
  size_t struct_size;
  /* Whether the hashes of weights are checked. Those of code always are. */
  tombolo_check_weights check_weights;
  /* 0: as many as the process may use. */
  int threads;
  /* NULL: threads of the library's own. Else `threads` (then not 0) tasks at a
     time are given to the caller's scheduler. */
  tombolo_parallel_for executor;
  void *executor_user;
  /* NULL or "auto": the best level that this machine has; or a target of the
     artifact ("cpu", "cpu:x86-64-v3"). */
  const char *target;
} tombolo_model_options;

TOMBOLO_API void
tombolo_model_options_init_sized(tombolo_model_options *options, size_t bytes);
static inline void tombolo_model_options_init(tombolo_model_options *options) {
  tombolo_model_options_init_sized(options, sizeof(*options));
}
/* `options` may be NULL. */
TOMBOLO_API tombolo_status
tombolo_model_open(const char *path, const tombolo_model_options *options,
                   tombolo_model **model);
TOMBOLO_API void tombolo_model_free(tombolo_model *model);
/* Checks every byte of an artifact against its hashes. */
TOMBOLO_API tombolo_status tombolo_verify_integrity(const char *path);

TOMBOLO_API int64_t tombolo_model_vocab_size(const tombolo_model *model);
TOMBOLO_API int64_t tombolo_model_hidden_size(const tombolo_model *model);
TOMBOLO_API int64_t tombolo_model_layers(const tombolo_model *model);
/* The longest sequence the model is made for. */
TOMBOLO_API int64_t tombolo_model_context(const tombolo_model *model);
TOMBOLO_API int64_t tombolo_model_weight_bytes(const tombolo_model *model);
/* "llama"; lives as long as the model. */
TOMBOLO_API const char *tombolo_model_family(const tombolo_model *model);
/* The instruction-set level that runs: "znver4". */
TOMBOLO_API const char *tombolo_model_level(const tombolo_model *model);
TOMBOLO_API int tombolo_model_threads(const tombolo_model *model);

/* --- Text ---------------------------------------------------------------- */

TOMBOLO_API int tombolo_model_has_tokenizer(const tombolo_model *model);
TOMBOLO_API int tombolo_model_has_chat_template(const tombolo_model *model);

/* The ids of `bytes` bytes of text; with `add_special` those that the model
   puts around every text come with them. `*tokens` is for tombolo_free. */
TOMBOLO_API tombolo_status tombolo_tokenize(const tombolo_model *model,
                                            const char *text, size_t bytes,
                                            int add_special, int32_t **tokens,
                                            size_t *count);
/* The text of ids, with a final NUL; `bytes` (may be NULL) excludes it. */
TOMBOLO_API tombolo_status tombolo_detokenize(const tombolo_model *model,
                                              const int32_t *tokens,
                                              size_t count, int skip_special,
                                              char **text, size_t *bytes);

typedef struct tombolo_message {
  const char *role; /* "system", "user", "assistant" */
  const char *content;
} tombolo_message;

/* A conversation as the model's chat template writes it, up to where the
   model's answer begins. Tokenize it without special ids: they are in it. */
TOMBOLO_API tombolo_status tombolo_chat_prompt(const tombolo_model *model,
                                               const tombolo_message *messages,
                                               size_t count, char **text,
                                               size_t *bytes);

/* --- Sessions ------------------------------------------------------------ */

typedef struct tombolo_session tombolo_session;

typedef struct tombolo_session_options {
  size_t struct_size;
  /* Tokens of the longest sequence; 0: the model's or 4096, the smaller. */
  int64_t context;
  /* For rotary embeddings whose frequencies depend on length: the length they
     are chosen for; 0: that of the first prompt. Not negative. */
  int64_t rope_length;
} tombolo_session_options;

TOMBOLO_API void
tombolo_session_options_init_sized(tombolo_session_options *options,
                                   size_t bytes);
static inline void
tombolo_session_options_init(tombolo_session_options *options) {
  tombolo_session_options_init_sized(options, sizeof(*options));
}
/* `options` may be NULL. A session that does not fit in memory is refused. */
TOMBOLO_API tombolo_status tombolo_session_create(
    tombolo_model *model, const tombolo_session_options *options,
    tombolo_session **session);
TOMBOLO_API void tombolo_session_free(tombolo_session *session);
/* A session of its own that goes on from the same tokens. */
TOMBOLO_API tombolo_status tombolo_session_fork(const tombolo_session *session,
                                                tombolo_session **fork);

/* Tokens in the session, and how many it can hold. */
TOMBOLO_API size_t tombolo_session_position(const tombolo_session *session);
TOMBOLO_API size_t tombolo_session_context(const tombolo_session *session);
/* Adds tokens to the sequence. */
TOMBOLO_API tombolo_status tombolo_session_feed(tombolo_session *session,
                                                const int32_t *tokens,
                                                size_t count);
/* Makes the sequence equal to `tokens`, keeping the states of what it has in
   common with them; `fed` (may be NULL) counts those that were computed. */
TOMBOLO_API tombolo_status tombolo_session_resume(tombolo_session *session,
                                                  const int32_t *tokens,
                                                  size_t count, size_t *fed);
/* Logits behind the last token: tombolo_model_vocab_size numbers that stay
   until the session's next call. */
TOMBOLO_API tombolo_status tombolo_session_logits(tombolo_session *session,
                                                  const float **logits);
/* Forgets all tokens but the first `count`. Fails where the states cannot go
   back there: of a sliding window beyond what it keeps, of a recurrence to
   anything but the beginning or where the last resume began its last token. */
TOMBOLO_API tombolo_status tombolo_session_truncate(tombolo_session *session,
                                                    size_t count);
/* Ends what the session is computing, at the next token or chunk of a prompt;
   may be called from any thread and from a signal handler. */
TOMBOLO_API void tombolo_session_interrupt(tombolo_session *session);
/* Starts to time every dispatch, or stops it. Either forgets the times so far:
   write them first. Timing costs some speed. */
TOMBOLO_API tombolo_status tombolo_session_trace(tombolo_session *session,
                                                 int enabled);
/* Writes the times so far to a file that trace viewers open. */
TOMBOLO_API tombolo_status
tombolo_session_write_trace(const tombolo_session *session, const char *path);

/* --- Generation ---------------------------------------------------------- */

typedef enum tombolo_finish_reason {
  TOMBOLO_FINISH_STOP = 0,    /* an end token or a stop text */
  TOMBOLO_FINISH_LENGTH = 1,  /* max_tokens */
  TOMBOLO_FINISH_CONTEXT = 2, /* the session is full */
  TOMBOLO_FINISH_CALLER = 3   /* the callback or an interrupt */
} tombolo_finish_reason;

typedef struct tombolo_generation_options {
  size_t struct_size;
  /* -1: to an end token or the context's end. */
  int64_t max_tokens;
  /* 0: the likeliest token. */
  float temperature;
  /* 0: all. */
  int32_t top_k;
  float top_p;
  float min_p;
  float repeat_penalty;
  uint64_t seed;
  /* Texts that end the answer before them. */
  const char *const *stop;
  size_t stop_count;
  /* End tokens do not end the answer. */
  int ignore_end;
} tombolo_generation_options;

/* The model's own sampling, where its checkpoint names one; else the likeliest
   tokens. */
TOMBOLO_API void
tombolo_generation_options_init_sized(const tombolo_model *model,
                                      tombolo_generation_options *options,
                                      size_t bytes);
static inline void
tombolo_generation_options_init(const tombolo_model *model,
                                tombolo_generation_options *options) {
  tombolo_generation_options_init_sized(model, options, sizeof(*options));
}

/* A token and what it adds to the text (`bytes` bytes, possibly none; not
   NUL-terminated); at the end what was held back, with token -1. A result of 0
   ends the answer, and is the last call: what was still held back is then only
   in tombolo_generation.text. */
typedef int (*tombolo_token_callback)(void *user, int32_t token,
                                      const char *text, size_t bytes);

typedef struct tombolo_generation {
  size_t struct_size;
  tombolo_finish_reason reason;
  /* The generated ids, with the end token, and their text; for
     tombolo_generation_clear. */
  int32_t *tokens;
  size_t token_count;
  char *text;
  size_t text_bytes;
  /* Tokens of the prompt that were computed, and how long it took. */
  size_t prefill_tokens;
  double prefill_seconds;
  /* Tokens after the first generated one, and how long they took. */
  size_t decode_tokens;
  double decode_seconds;
} tombolo_generation;

TOMBOLO_API void tombolo_generation_init_sized(tombolo_generation *result,
                                               size_t bytes);
static inline void tombolo_generation_init(tombolo_generation *result) {
  tombolo_generation_init_sized(result, sizeof(*result));
}

/* Brings the session to the prompt and generates what follows. `options`,
   `callback` and `result` (initialized) may be NULL. */
TOMBOLO_API tombolo_status tombolo_generate(
    tombolo_session *session, const int32_t *prompt, size_t count,
    const tombolo_generation_options *options, tombolo_token_callback callback,
    void *user, tombolo_generation *result);
TOMBOLO_API void tombolo_generation_clear(tombolo_generation *result);

#ifdef __cplusplus
}
#endif

#endif /* TOMBOLO_TOMBOLO_H */
