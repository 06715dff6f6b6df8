// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a ray can meet. Each shape is reached by virtual dispatch.
#pragma once

#include <memory>
#include <optional>

#include "vector.hpp"

namespace scene {

class Material;

struct Box {
  geometry::Vec3 low;
  geometry::Vec3 high;

  geometry::Vec3 center() const;
  bool meets(const geometry::Ray &ray, double nearest) const;
  static Box around(const Box &a, const Box &b);
};

struct Hit {
  double distance;
  geometry::Vec3 point;
  geometry::Vec3 normal;
  const Material *material;
};

class Shape {
public:
  explicit Shape(const Material &material) : material_(&material) {}
  virtual ~Shape() = default;
  virtual std::optional<Hit> intersect(const geometry::Ray &ray, double nearest) const = 0;
  virtual Box bounds() const = 0;

protected:
  Hit hit(const geometry::Ray &ray, double distance, const geometry::Vec3 &normal) const;

private:
  const Material *material_;
};

class Sphere final : public Shape {
public:
  Sphere(geometry::Vec3 center, double radius, const Material &material)
      : Shape(material), center_(center), radius_(radius) {}
  std::optional<Hit> intersect(const geometry::Ray &ray, double nearest) const override;
  Box bounds() const override;

private:
  geometry::Vec3 center_;
  double radius_;
};

class Triangle final : public Shape {
public:
  Triangle(geometry::Vec3 a, geometry::Vec3 b, geometry::Vec3 c, const Material &material)
      : Shape(material), corner_(a), edge1_(b - a), edge2_(c - a) {}
  std::optional<Hit> intersect(const geometry::Ray &ray, double nearest) const override;
  Box bounds() const override;

private:
  geometry::Vec3 corner_;
  geometry::Vec3 edge1_;
  geometry::Vec3 edge2_;
};

} // namespace scene
