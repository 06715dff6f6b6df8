// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// raytracer [width]
//
// Renders a field of spheres and pyramids, and prints one line that depends on
// nothing but the width. The work grows with its square.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include "bvh.hpp"
#include "materials.hpp"

using geometry::Ray;
using geometry::Vec3;

namespace {

class Random {
public:
  double below(double limit) {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) * (limit / 16777216.0);
  }

private:
  std::uint32_t state_ = 12345;
};

using Shapes = std::vector<std::unique_ptr<scene::Shape>>;

class SceneBuilder {
public:
  explicit SceneBuilder(const scene::MaterialLibrary &materials) : materials_(materials) {}

  Shapes build() {
    add_floor();
    for (int row = 0; row < 12; row++)
      for (int column = 0; column < 12; column++)
        add_object({{column * 1.5 - 9, 0, row * 1.5 + 2}});
    return std::move(shapes_);
  }

private:
  template <typename T, typename... Arguments> void add(Arguments &&...arguments) {
    shapes_.push_back(std::make_unique<T>(std::forward<Arguments>(arguments)...));
  }

  void add_floor() {
    const scene::Material &floor = materials_.find("floor");
    Vec3 a{{-40, 0, -5}}, b{{40, 0, -5}}, c{{40, 0, 60}}, d{{-40, 0, 60}};
    add<scene::Triangle>(a, b, c, floor);
    add<scene::Triangle>(a, c, d, floor);
  }

  void add_pyramid(Vec3 at, double size, const scene::Material &material) {
    Vec3 top = at + Vec3{{0, size * 2, 0}};
    std::vector<Vec3> base;
    for (double corner : {0.0, 1.0, 2.0, 3.0})
      base.push_back(at + Vec3{{corner == 0 || corner == 3 ? -size : size, 0,
                                corner < 2 ? -size : size}});
    for (std::size_t i = 0; i < base.size(); i++)
      add<scene::Triangle>(base[i], base[(i + 1) % base.size()], top, material);
  }

  void add_object(Vec3 at) {
    static const char *const names[] = {"red", "blue", "steel"};
    const scene::Material &material = materials_.find(names[static_cast<int>(random_.below(3))]);
    double size = 0.3 + random_.below(0.4);
    if (random_.below(1) < 0.3)
      add_pyramid(at, size, material);
    else
      add<scene::Sphere>(at + Vec3{{0, size, 0}}, size, material);
  }

  const scene::MaterialLibrary &materials_;
  Random random_;
  Shapes shapes_;
};

class Renderer {
public:
  explicit Renderer(const scene::Bvh &bvh)
      : bvh_(bvh), sun_(normalize(Vec3{{0.5, 1, -0.4}})) {}

  std::vector<std::uint32_t> render(int width) {
    std::vector<std::uint32_t> pixels;
    for (int y = 0; y < width; y++)
      for (int x = 0; x < width; x++)
        pixels.push_back(pack(trace(primary_ray(x, y, width), 4)));
    return pixels;
  }

  unsigned rays() const { return rays_; }

private:
  static Ray primary_ray(int x, int y, int width) {
    double scale = 1.0 / width;
    return {{{0, 3, -4}}, normalize(Vec3{{x * scale - 0.5, 0.35 - y * scale, 0.9}})};
  }

  __attribute__((noinline)) Vec3 trace(const Ray &ray, int bounces) {
    rays_++;
    auto hit = bvh_.intersect(ray);
    if (!hit)
      return sky(ray);
    return hit->material->shade(ray, *hit, light_at(*hit), [this, bounces](const Ray &next) {
      return bounces > 0 ? trace(next, bounces - 1) : Vec3{};
    });
  }

  __attribute__((noinline)) double light_at(const scene::Hit &hit) {
    double facing = dot(hit.normal, sun_);
    if (facing <= 0)
      return 0.1;
    rays_++;
    return bvh_.intersect({hit.point, sun_}) ? 0.1 : 0.1 + 0.9 * facing;
  }

  static Vec3 sky(const Ray &ray) {
    return Vec3{{0.4, 0.6, 1.0}} * (0.5 + 0.5 * std::max(0.0, ray.direction[1]));
  }

  static std::uint32_t pack(const Vec3 &color) {
    std::uint32_t packed = 0;
    for (double part : color.parts)
      packed = packed << 8 | static_cast<std::uint32_t>(std::min(1.0, part) * 255);
    return packed;
  }

  const scene::Bvh &bvh_;
  Vec3 sun_;
  unsigned rays_ = 0;
};

using Count = std::pair<std::uint32_t, unsigned>;

__attribute__((noinline)) std::vector<Count>
count_colors(const std::vector<std::uint32_t> &pixels) {
  std::unordered_map<std::uint32_t, unsigned> counts;
  for (std::uint32_t pixel : pixels)
    counts[pixel]++;
  std::vector<Count> sorted(counts.begin(), counts.end());
  std::sort(sorted.begin(), sorted.end(), [](const Count &a, const Count &b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

__attribute__((noinline)) std::uint32_t checksum(const std::vector<Count> &counts) {
  std::uint32_t sum = 0;
  for (const auto &[color, count] : counts)
    sum = (sum ^ color) * 16777619u + count;
  return sum;
}

} // namespace

int main(int argc, char **argv) {
  int width = argc > 1 ? std::atoi(argv[1]) : 256;
  scene::MaterialLibrary materials;
  scene::Bvh bvh(SceneBuilder(materials).build());
  Renderer renderer(bvh);
  auto counts = count_colors(renderer.render(width));
  std::printf("raytracer width=%d materials=%s nodes=%u depth=%d rays=%u colors=%u checksum=%08x\n",
              width, materials.names().c_str(), static_cast<unsigned>(bvh.size()), bvh.depth(),
              renderer.rays(), static_cast<unsigned>(counts.size()),
              static_cast<unsigned>(checksum(counts)));
  return 0;
}
