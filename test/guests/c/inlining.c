// For two builds, with inlining and with -fno-inline. It asks for its samples
// itself, through an import: both builds have the same ones.
//
// Exports run(n), which returns a checksum; imports env.sample.

__attribute__((import_module("env"), import_name("sample"))) void sample(void);

#define LENGTH 64

typedef struct Node {
  int key;
  int count;
  struct Node *left, *right;
} Node;

static Node nodes[LENGTH];
static int used;
static unsigned seed;
static int numbers[LENGTH];

static unsigned mix(unsigned value) {
  value ^= value << 13;
  value ^= value >> 17;
  sample();
  return value ^ value << 5;
}

static unsigned next_random(void) {
  seed = mix(seed);
  return seed;
}

static int below(int limit) {
  return (int)(next_random() % (unsigned)limit);
}

static int less(int a, int b) {
  if ((a ^ b) & 1) sample();
  return a < b;
}

static void swap(int *a, int *b) {
  int kept = *a;
  *a = *b;
  *b = kept;
  sample();
}

// Calls `less` itself and through `larger_child`, and is called from two places.
static int larger_child(int parent, int length) {
  int child = 2 * parent + 1;
  return child + 1 < length && less(numbers[child], numbers[child + 1]) ? child + 1 : child;
}

static void sift_down(int parent, int length) {
  while (2 * parent + 1 < length) {
    int child = larger_child(parent, length);
    if (!less(numbers[parent], numbers[child])) return;
    swap(&numbers[parent], &numbers[child]);
    parent = child;
  }
}

static void heap_sort(int length) {
  for (int i = length / 2 - 1; i >= 0; i--) sift_down(i, length);
  for (int i = length - 1; i > 0; i--) {
    swap(&numbers[0], &numbers[i]);
    sift_down(0, i);
  }
}

static Node *new_node(int key) {
  Node *node = &nodes[used++];
  *node = (Node){key, 1, 0, 0};
  sample();
  return node;
}

static Node *insert(Node *root, int key) {
  if (!root) return new_node(key);
  if (key == root->key) root->count++;
  else if (less(key, root->key)) root->left = insert(root->left, key);
  else root->right = insert(root->right, key);
  return root;
}

static int visit(const Node *node) {
  sample();
  return node->key * node->count;
}

static int sum(const Node *node) {
  return node ? sum(node->left) + visit(node) + sum(node->right) : 0;
}

static int doubled(int value) {
  sample();
  return 2 * value;
}

static int squared(int value) {
  unsigned wide = (unsigned)value;
  sample();
  return (int)(wide * wide);
}

static int (*const steps[])(int) = {doubled, squared};

// Called through a table: a frame of its own in each build.
static int apply(int step, int value) {
  int result = steps[step & 1](value);
  sample();
  return result;
}

__attribute__((export_name("run"))) int run(int n) {
  int checksum = 0;
  seed = 12345;
  for (int round = 0; round < n; round++) {
    Node *root = 0;
    used = 0;
    for (int i = 0; i < LENGTH; i++) numbers[i] = below(50);
    for (int i = 0; i < LENGTH; i++) root = insert(root, numbers[i]);
    heap_sort(LENGTH);
    checksum = apply(numbers[round % LENGTH], checksum) + sum(root) + less(round, below(9));
  }
  sample();
  return checksum;
}
