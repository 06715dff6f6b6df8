/* What compilers do to lines at each level: loops, recursion, inlining, tail calls, switches, copies of structs. */
typedef unsigned u32;

struct point {
  int x, y, z, w;
};

static u32 seed = 7;
static int table[256];
static struct point points[64];

static inline u32 next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static inline int clamp(int value, int most) {
  return value < 0 ? 0 : value > most ? most : value;
}

__attribute__((noinline)) static int fibonacci(int n) {
  if (n < 2)
    return n;
  return fibonacci(n - 1) + fibonacci(n - 2);
}

__attribute__((noinline)) static void fill(int n) {
  for (int i = 0; i < 256; i++)
    table[i] = clamp((int)(next() % (u32)(n + 1)), 200);
}

__attribute__((noinline)) static void sort(int *from, int count) {
  for (int i = 1; i < count; i++) {
    int value = from[i];
    int j = i;
    while (j > 0 && from[j - 1] > value) {
      from[j] = from[j - 1];
      j--;
    }
    from[j] = value;
  }
}

__attribute__((noinline)) static struct point moved(struct point from, int by) {
  switch (by & 7) {
  case 0:
    from.x += by;
    break;
  case 1:
    from.y -= by;
    break;
  case 2:
    from.z ^= by;
    break;
  case 5:
    from.w |= by;
    break;
  default:
    from.x = from.y;
  }
  return from;
}

__attribute__((noinline)) static int spin(int n) {
  int sum = 0;
#pragma clang loop unroll(disable) vectorize(disable)
  do {
    sum += table[sum & 255];
  } while (n--);
  return sum;
}

int run(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    fill(i);
    sort(table, 256);
    points[i & 63] = moved(points[(i + 1) & 63], i);
    sum += fibonacci(i % 12) + points[i & 63].x + spin(i);
  }
  return sum;
}
