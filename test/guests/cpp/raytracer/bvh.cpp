// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "bvh.hpp"

#include <algorithm>
#include <limits>

namespace scene {

namespace {

constexpr std::size_t kLeafSize = 3;

std::size_t widest_axis(const Box &box) {
  geometry::Vec3 size = box.high - box.low;
  std::size_t widest = 0;
  for (std::size_t axis = 1; axis < 3; axis++)
    if (size[axis] > size[widest])
      widest = axis;
  return widest;
}

double reach(const std::optional<Hit> &best) {
  return best ? best->distance : std::numeric_limits<double>::infinity();
}

} // namespace

Bvh::Bvh(std::vector<std::unique_ptr<Shape>> shapes) : shapes_(std::move(shapes)) {
  std::vector<Item> items;
  for (const auto &shape : shapes_) {
    Box box = shape->bounds();
    items.push_back({box, box.center(), items.size()});
  }
  build(items, 0, items.size(), 1);
  for (const Item &item : items)
    order_.push_back(item.index);
}

std::size_t Bvh::build(std::vector<Item> &items, std::size_t first, std::size_t count,
                       int depth) {
  depth_ = std::max(depth_, depth);
  Box box = items[first].box;
  for (std::size_t i = 1; i < count; i++)
    box = Box::around(box, items[first + i].box);
  std::size_t self = nodes_.size();
  nodes_.push_back({box, 0, 0, first, count});
  if (count <= kLeafSize)
    return self;
  std::size_t axis = widest_axis(box);
  auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
  // The index makes the order total, the same with every standard library.
  std::sort(begin, begin + static_cast<std::ptrdiff_t>(count),
            [axis](const Item &a, const Item &b) {
              if (a.center[axis] != b.center[axis])
                return a.center[axis] < b.center[axis];
              return a.index < b.index;
            });
  std::size_t left = build(items, first, count / 2, depth + 1);
  std::size_t right = build(items, first + count / 2, count - count / 2, depth + 1);
  nodes_[self].left = left;
  nodes_[self].right = right;
  nodes_[self].count = 0;
  return self;
}

std::optional<Hit> Bvh::intersect(const geometry::Ray &ray) const {
  std::optional<Hit> best;
  descend(nodes_.front(), ray, best);
  return best;
}

void Bvh::descend(const Node &node, const geometry::Ray &ray, std::optional<Hit> &best) const {
  if (!node.box.meets(ray, reach(best)))
    return;
  for (std::size_t i = 0; i < node.count; i++) {
    const Shape &shape = *shapes_[order_[node.first + i]];
    if (auto hit = shape.intersect(ray, reach(best)))
      best = hit;
  }
  if (node.count == 0) {
    descend(nodes_[node.left], ray, best);
    descend(nodes_[node.right], ray, best);
  }
}

} // namespace scene
