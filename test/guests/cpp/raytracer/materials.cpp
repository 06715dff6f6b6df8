// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "materials.hpp"

#include <cstdlib>

using geometry::Ray;
using geometry::Vec3;

namespace scene {

namespace {

class Matte : public Material {
public:
  explicit Matte(Vec3 color) : color_(color) {}
  Vec3 shade(const Ray &, const Hit &, double light, const Trace &) const override {
    return color_ * light;
  }

protected:
  Vec3 color_;
};

class Checker final : public Matte {
public:
  using Matte::Matte;
  Vec3 shade(const Ray &, const Hit &hit, double light, const Trace &) const override {
    int parity = static_cast<int>(std::floor(hit.point[0])) +
                 static_cast<int>(std::floor(hit.point[2]));
    return color_ * (parity & 1 ? light : light * 0.25);
  }
};

class Mirror final : public Material {
public:
  explicit Mirror(double reflectance) : reflectance_(reflectance) {}
  Vec3 shade(const Ray &ray, const Hit &hit, double, const Trace &trace) const override {
    Vec3 turned = ray.direction - hit.normal * (2 * dot(ray.direction, hit.normal));
    return trace({hit.point, normalize(turned)}) * reflectance_;
  }

private:
  double reflectance_;
};

} // namespace

MaterialLibrary::MaterialLibrary() {
  materials_["floor"] = std::make_unique<Checker>(Vec3{{0.9, 0.9, 0.8}});
  materials_["red"] = std::make_unique<Matte>(Vec3{{0.9, 0.2, 0.1}});
  materials_["blue"] = std::make_unique<Matte>(Vec3{{0.1, 0.3, 0.9}});
  materials_["steel"] = std::make_unique<Mirror>(0.85);
}

const Material &MaterialLibrary::find(const std::string &name) const {
  auto found = materials_.find(name);
  if (found == materials_.end())
    std::abort();
  return *found->second;
}

std::string MaterialLibrary::names() const {
  std::string all;
  for (const auto &[name, material] : materials_)
    all += (all.empty() ? "" : ",") + name;
  return all;
}

} // namespace scene
