/* Answers a question with a model: generate MODEL.tbo "Why is the sky blue?" */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tombolo/tombolo.h>

/* Called with every piece of the answer as it comes. */
static int print_piece(void *user, int32_t token, const char *text,
                       size_t bytes) {
  (void)user;
  (void)token;
  fwrite(text, 1, bytes, stdout);
  fflush(stdout);
  return 1;
}

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, tombolo_error_message());
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL.tbo TEXT\n", argv[0]);
    return 2;
  }

  tombolo_model *model = NULL;
  if (tombolo_model_open(argv[1], NULL, &model) != TOMBOLO_OK)
    return fail("could not open the model");
  fprintf(stderr, "%s model, %lld tokens of context, %d threads\n",
          tombolo_model_family(model), (long long)tombolo_model_context(model),
          tombolo_model_threads(model));

  tombolo_session *session = NULL;
  if (tombolo_session_create(model, NULL, &session) != TOMBOLO_OK)
    return fail("could not start a session");

  /* A model made for conversations wants its prompt written its own way. */
  int chat = tombolo_model_has_chat_template(model);
  char *prompt = NULL;
  const char *text = argv[2];
  if (chat) {
    tombolo_message message = {"user", argv[2]};
    if (tombolo_chat_prompt(model, &message, 1, &prompt, NULL) != TOMBOLO_OK)
      return fail("could not write the prompt");
    text = prompt;
  }
  int32_t *tokens = NULL;
  size_t count = 0;
  if (tombolo_tokenize(model, text, strlen(text), !chat, &tokens, &count) !=
      TOMBOLO_OK)
    return fail("could not tokenize the prompt");

  tombolo_generation_options options;
  tombolo_generation_options_init(model, &options);
  options.max_tokens = 200;
  tombolo_generation result;
  tombolo_generation_init(&result);
  if (tombolo_generate(session, tokens, count, &options, print_piece, NULL,
                       &result) != TOMBOLO_OK)
    return fail("could not generate");
  printf("\n");
  fprintf(stderr, "%zu tokens read, %zu written\n", result.prefill_tokens,
          result.token_count);

  tombolo_generation_clear(&result);
  tombolo_free(tokens);
  tombolo_free(prompt);
  tombolo_session_free(session);
  tombolo_model_free(model);
  return 0;
}
