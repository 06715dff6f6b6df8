// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of N numbers: templates, and only operations that IEEE 754 rounds
// in one way, so that every machine computes the same picture.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace geometry {

template <typename T, std::size_t N> struct Vector {
  std::array<T, N> parts{};

  T &operator[](std::size_t i) { return parts[i]; }
  const T &operator[](std::size_t i) const { return parts[i]; }
};

template <typename T, std::size_t N, typename Operation>
Vector<T, N> zip(const Vector<T, N> &a, const Vector<T, N> &b, Operation operation) {
  Vector<T, N> out;
  for (std::size_t i = 0; i < N; i++)
    out[i] = operation(a[i], b[i]);
  return out;
}

template <typename T, std::size_t N>
Vector<T, N> operator+(const Vector<T, N> &a, const Vector<T, N> &b) {
  return zip(a, b, [](T x, T y) { return x + y; });
}

template <typename T, std::size_t N>
Vector<T, N> operator-(const Vector<T, N> &a, const Vector<T, N> &b) {
  return zip(a, b, [](T x, T y) { return x - y; });
}

template <typename T, std::size_t N>
Vector<T, N> operator*(const Vector<T, N> &a, const Vector<T, N> &b) {
  return zip(a, b, [](T x, T y) { return x * y; });
}

template <typename T, std::size_t N> Vector<T, N> operator*(const Vector<T, N> &a, T scale) {
  return zip(a, a, [scale](T x, T) { return x * scale; });
}

template <typename T, std::size_t N> T dot(const Vector<T, N> &a, const Vector<T, N> &b) {
  T sum{};
  for (std::size_t i = 0; i < N; i++)
    sum += a[i] * b[i];
  return sum;
}

template <typename T> Vector<T, 3> cross(const Vector<T, 3> &a, const Vector<T, 3> &b) {
  return {{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}};
}

template <typename T, std::size_t N>
__attribute__((noinline)) Vector<T, N> normalize(const Vector<T, N> &a) {
  return a * (T{1} / std::sqrt(dot(a, a)));
}

using Vec3 = Vector<double, 3>;

struct Ray {
  Vec3 origin;
  Vec3 direction;

  Vec3 at(double distance) const { return origin + direction * distance; }
};

} // namespace geometry
