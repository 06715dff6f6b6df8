//! Generic functions, checks of bounds and overflow, errors and inlined calls.

const Shape = union(enum) {
    circle: f64,
    square: f64,

    fn area(shape: Shape, scale: f64) f64 {
        return switch (shape) {
            .circle => |radius| radius * radius * 3.14159 * scale,
            .square => |side| side * side * scale,
        };
    }
};

fn Ring(comptime T: type, comptime count: usize) type {
    return struct {
        items: [count]T = undefined,
        next: usize = 0,

        const Self = @This();

        fn push(ring: *Self, item: T) void {
            ring.items[ring.next % count] = item;
            ring.next += 1;
        }

        fn sum(ring: *const Self) T {
            var total: T = 0;
            for (ring.items[0..@min(ring.next, count)]) |item| total += item;
            return total;
        }
    };
}

var seed: u32 = 7;
var halves: Ring(f64, 32) = .{};
var wholes: Ring(i64, 16) = .{};

inline fn next() u32 {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

noinline fn fibonacci(n: u32) u32 {
    if (n < 2) return n;
    return fibonacci(n - 1) + fibonacci(n - 2);
}

noinline fn sort(comptime T: type, values: []T) void {
    for (values[1..], 1..) |value, i| {
        var j = i;
        while (j > 0 and values[j - 1] > value) : (j -= 1) values[j] = values[j - 1];
        values[j] = value;
    }
}

noinline fn checked(n: u32) error{Odd}!u32 {
    if (n % 2 == 1) return error.Odd;
    return n / 2;
}

export fn run(n: u32) f64 {
    var total: f64 = 0;
    var i: u32 = 0;
    while (i < n) : (i += 1) {
        var values: [64]u32 = undefined;
        for (&values) |*value| value.* = next() % (i + 1);
        sort(u32, &values);
        halves.push(@floatFromInt(values[i & 63]));
        wholes.push(@intCast(fibonacci(i % 10)));
        const half = checked(i) catch 1;
        const shape: Shape = if (half > 4) .{ .circle = 1 } else .{ .square = 2 };
        total += halves.sum() + shape.area(@floatFromInt(half)) + @as(f64, @floatFromInt(wholes.sum()));
    }
    return total;
}
