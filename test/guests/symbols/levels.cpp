// Templates, lambdas, virtual calls and operators: functions whose names are mangled, many inlined into others.
using size_t = decltype(sizeof 0);

namespace geometry {

template <typename T> struct Vector {
  T x{}, y{};
  Vector operator+(const Vector &other) const { return {x + other.x, y + other.y}; }
  T dot(const Vector &other) const { return x * other.x + y * other.y; }
};

struct Shape {
  virtual double area(double scale) const = 0;
};

struct Circle final : Shape {
  double radius = 1;
  double area(double scale) const override { return radius * radius * 3.14159 * scale; }
};

struct Square final : Shape {
  double side = 2;
  double area(double scale) const override {
    double sum = 0;
    for (int i = 0; i < 4; i++)
      sum += side * scale / (i + 1);
    return sum;
  }
};

template <typename T, size_t N> class Ring {
  T items[N]{};
  size_t next = 0;

public:
  void push(const T &item) { items[next++ % N] = item; }
  template <typename F> T fold(T value, F &&f) const {
    for (const T &item : items)
      value = f(value, item);
    return value;
  }
};

namespace {
Circle circle;
Square square;
Ring<Vector<double>, 32> ring;
Ring<Vector<int>, 16> whole;
} // namespace

[[gnu::noinline]] double areas(const Shape *const *shapes, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += shapes[i]->area(static_cast<double>(i));
  return sum;
}

} // namespace geometry

using namespace geometry;

extern "C" double run(int n) {
  const Shape *shapes[] = {&circle, &square, &circle};
  double sum = 0;
  for (int i = 0; i < n; i++) {
    ring.push({i * 0.5, i * 0.25});
    whole.push({i, -i});
    auto add = [i](const auto &a, const auto &b) { return i % 2 ? a + b : b + a; };
    sum += ring.fold({}, add).dot({1, 2});
    sum += whole.fold({}, add).dot({3, 4});
    sum += areas(shapes, 3);
  }
  return sum;
}
