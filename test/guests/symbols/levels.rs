//! Traits, closures, iterators and checks of bounds, without the standard library.
#![no_std]
#![crate_type = "cdylib"]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

pub trait Shape {
    fn area(&self, scale: f64) -> f64;
}

pub struct Circle(f64);
pub struct Square {
    side: f64,
}

impl Shape for Circle {
    fn area(&self, scale: f64) -> f64 {
        self.0 * self.0 * 3.14159 * scale
    }
}

impl Shape for Square {
    #[inline(never)]
    fn area(&self, scale: f64) -> f64 {
        (1..5).map(|part| self.side * scale / part as f64).sum()
    }
}

struct Random(u32);

impl Iterator for Random {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        Some(self.0)
    }
}

#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        n
    } else {
        fibonacci(n - 1) + fibonacci(n - 2)
    }
}

#[inline(never)]
fn sort<T: Copy + PartialOrd>(values: &mut [T]) {
    for i in 1..values.len() {
        let value = values[i];
        let mut j = i;
        while j > 0 && values[j - 1] > value {
            values[j] = values[j - 1];
            j -= 1;
        }
        values[j] = value;
    }
}

#[inline(never)]
fn areas(shapes: &[&dyn Shape]) -> f64 {
    shapes.iter().enumerate().map(|(i, shape)| shape.area(i as f64)).sum()
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> f64 {
    let mut random = Random(7);
    let mut sum = 0.0;
    for i in 0..n {
        let mut values = [0u32; 64];
        for (value, next) in values.iter_mut().zip(&mut random) {
            *value = next % (i + 1);
        }
        sort(&mut values);
        let mut parts = [0.5f64, i as f64, 0.25];
        sort(&mut parts);
        sum += values[(i & 63) as usize] as f64 + parts[1] + fibonacci(i % 10) as f64;
        sum += areas(&[&Circle(1.0), &Square { side: 2.0 }]);
    }
    sum
}
