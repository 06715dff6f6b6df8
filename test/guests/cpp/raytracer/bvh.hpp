// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tree of boxes: a ray skips what lies in a box that it misses.
#pragma once

#include <vector>

#include "shapes.hpp"

namespace scene {

class Bvh {
public:
  explicit Bvh(std::vector<std::unique_ptr<Shape>> shapes);
  std::optional<Hit> intersect(const geometry::Ray &ray) const;
  std::size_t size() const { return nodes_.size(); }
  int depth() const { return depth_; }

private:
  struct Node {
    Box box;
    /// An inner node has two children, a leaf has 'count' shapes from 'first'.
    std::size_t left, right, first, count;
  };
  struct Item {
    Box box;
    geometry::Vec3 center;
    std::size_t index;
  };

  std::size_t build(std::vector<Item> &items, std::size_t first, std::size_t count, int depth);
  void descend(const Node &node, const geometry::Ray &ray, std::optional<Hit> &best) const;

  std::vector<std::unique_ptr<Shape>> shapes_;
  std::vector<std::size_t> order_;
  std::vector<Node> nodes_;
  int depth_ = 0;
};

} // namespace scene
