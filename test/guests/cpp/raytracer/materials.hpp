// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a surface answers light, and the library that owns them by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shapes.hpp"

namespace scene {

/// Traces one more ray and returns its color.
using Trace = std::function<geometry::Vec3(const geometry::Ray &)>;

class Material {
public:
  virtual ~Material() = default;
  virtual geometry::Vec3 shade(const geometry::Ray &ray, const Hit &hit, double light,
                               const Trace &trace) const = 0;
};

class MaterialLibrary {
public:
  MaterialLibrary();
  const Material &find(const std::string &name) const;
  std::string names() const;

private:
  std::map<std::string, std::unique_ptr<Material>> materials_;
};

} // namespace scene
