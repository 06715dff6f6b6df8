// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "shapes.hpp"

#include <algorithm>

using geometry::Ray;
using geometry::Vec3;

namespace scene {

namespace {

/// Keeps a ray from meeting the surface that it leaves.
constexpr double kNearest = 1e-6;

} // namespace

Vec3 Box::center() const { return (low + high) * 0.5; }

bool Box::meets(const Ray &ray, double nearest) const {
  double enter = kNearest, leave = nearest;
  for (std::size_t axis = 0; axis < 3; axis++) {
    double inverse = 1 / ray.direction[axis];
    double a = (low[axis] - ray.origin[axis]) * inverse;
    double b = (high[axis] - ray.origin[axis]) * inverse;
    enter = std::max(enter, std::min(a, b));
    leave = std::min(leave, std::max(a, b));
  }
  return enter <= leave;
}

Box Box::around(const Box &a, const Box &b) {
  auto low = [](double x, double y) { return std::min(x, y); };
  auto high = [](double x, double y) { return std::max(x, y); };
  return {geometry::zip(a.low, b.low, low), geometry::zip(a.high, b.high, high)};
}

Hit Shape::hit(const Ray &ray, double distance, const Vec3 &normal) const {
  bool inside = dot(ray.direction, normal) > 0;
  return {distance, ray.at(distance), inside ? normal * -1.0 : normal, material_};
}

std::optional<Hit> Sphere::intersect(const Ray &ray, double nearest) const {
  Vec3 offset = center_ - ray.origin;
  double along = dot(offset, ray.direction);
  double square = radius_ * radius_ - dot(offset, offset) + along * along;
  if (square < 0)
    return std::nullopt;
  double half = std::sqrt(square);
  double distance = along - half > kNearest ? along - half : along + half;
  if (distance <= kNearest || distance >= nearest)
    return std::nullopt;
  return hit(ray, distance, normalize(ray.at(distance) - center_));
}

Box Sphere::bounds() const {
  Vec3 reach{{radius_, radius_, radius_}};
  return {center_ - reach, center_ + reach};
}

// Möller and Trumbore's test.
std::optional<Hit> Triangle::intersect(const Ray &ray, double nearest) const {
  Vec3 across = cross(ray.direction, edge2_);
  double determinant = dot(edge1_, across);
  if (determinant == 0)
    return std::nullopt;
  Vec3 offset = ray.origin - corner_;
  double u = dot(offset, across) / determinant;
  if (u < 0 || u > 1)
    return std::nullopt;
  Vec3 sideways = cross(offset, edge1_);
  double v = dot(ray.direction, sideways) / determinant;
  if (v < 0 || u + v > 1)
    return std::nullopt;
  double distance = dot(edge2_, sideways) / determinant;
  if (distance <= kNearest || distance >= nearest)
    return std::nullopt;
  return hit(ray, distance, normalize(cross(edge1_, edge2_)));
}

Box Triangle::bounds() const {
  Box first = Box::around({corner_, corner_}, {corner_ + edge1_, corner_ + edge1_});
  return Box::around(first, {corner_ + edge2_, corner_ + edge2_});
}

} // namespace scene
