// Kernels of the tiny model (TinyModel.h), compiled into a blob of position
// independent code with no symbols, as the compiler's own kernels are.
typedef long long i64;

enum { kPageRows = 128 };

// tokens i32, table f32 [V][columns], out rows | columns, stride
void tiny_embed(void *const *buffers, const i64 *sizes, i64 begin, i64 end,
                void *scratch) {
  const int *tokens = buffers[0];
  const float *table = buffers[1];
  float *out = buffers[2];
  i64 columns = sizes[0], stride = sizes[1];
  for (i64 t = begin; t < end; ++t)
    for (i64 i = 0; i < columns; ++i)
      out[t * stride + i] = table[tokens[t] * columns + i];
}

// rows, pool, page table | columns, stride, first position, slot bytes
void tiny_append(void *const *buffers, const i64 *sizes, i64 begin, i64 end,
                 void *scratch) {
  const float *rows = buffers[0];
  char *pool = buffers[1];
  const int *pages = buffers[2];
  i64 columns = sizes[0], stride = sizes[1], first = sizes[2];
  for (i64 t = begin; t < end; ++t) {
    i64 position = first + t;
    float *slot = (float *)(pool + pages[position / kPageRows] * sizes[3]);
    for (i64 i = 0; i < columns; ++i)
      slot[position % kPageRows * columns + i] = rows[t * stride + i];
  }
}

// rows, pool, page table, rope, positions, out
// | columns, stride, first position, slot bytes, window
// The mean of the rows a query sees, weighted by 1 / distance, and a rotation.
void tiny_mix(void *const *buffers, const i64 *sizes, i64 begin, i64 end,
              void *scratch) {
  const float *rows = buffers[0];
  const char *pool = buffers[1];
  const int *pages = buffers[2];
  const float *rope = buffers[3];
  const int *positions = buffers[4];
  float *out = buffers[5];
  i64 columns = sizes[0], stride = sizes[1], first = sizes[2];
  i64 window = sizes[4], half = columns / 2;
  float *sum = scratch;
  for (i64 t = begin; t < end; ++t) {
    i64 position = first + t;
    i64 oldest = window > 0 && position >= window ? position - window + 1 : 0;
    float total = 0;
    for (i64 i = 0; i < columns; ++i)
      sum[i] = 0;
    for (i64 p = oldest; p <= position; ++p) {
      const float *row =
          (const float *)(pool + pages[p / kPageRows] * sizes[3]) +
          p % kPageRows * columns;
      float weight = 1.0f / (float)(1 + positions[t] - p);
      total += weight;
      for (i64 i = 0; i < columns; ++i)
        sum[i] += weight * row[i];
    }
    const float *angles = rope + t * columns;
    for (i64 i = 0; i < half; ++i) {
      float x = rows[t * stride + i], y = rows[t * stride + half + i];
      float c = angles[i], s = angles[half + i];
      out[t * stride + i] = 0.75f * (x * c - y * s) + sum[i] / total;
      out[t * stride + half + i] =
          0.75f * (x * s + y * c) + sum[half + i] / total;
    }
  }
}

// rows, head f32 [V][columns], out | columns, stride, out stride, rows
void tiny_logits(void *const *buffers, const i64 *sizes, i64 begin, i64 end,
                 void *scratch) {
  const float *rows = buffers[0];
  const float *head = buffers[1];
  float *out = buffers[2];
  i64 columns = sizes[0], stride = sizes[1], outStride = sizes[2];
  for (i64 v = begin; v < end; ++v)
    for (i64 t = 0; t < sizes[3]; ++t) {
      float sum = 0;
      for (i64 i = 0; i < columns; ++i)
        sum += rows[t * stride + i] * head[v * columns + i];
      out[t * outStride + v] = sum;
    }
}

// rows, state f32 [columns] at an offset | columns, stride, offset, rows
// Columns [begin, end) of rows become the sum of all rows so far, each halved
// for every row behind it.
void tiny_recur(void *const *buffers, const i64 *sizes, i64 begin, i64 end,
                void *scratch) {
  float *rows = buffers[0];
  float *state = (float *)((char *)buffers[1] + sizes[2]);
  i64 stride = sizes[1];
  for (i64 i = begin; i < end; ++i)
    for (i64 t = 0; t < sizes[3]; ++t)
      rows[t * stride + i] = state[i] = 0.5f * state[i] + rows[t * stride + i];
}
