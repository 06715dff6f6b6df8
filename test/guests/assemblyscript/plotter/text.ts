// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
export function shadeLetter(shade: i32): string {
  return String.fromCharCode(97 + shade);
}

/// A checksum that stays under 65,536, so that no language rounds it.
export function mixText(checksum: i32, text: string): i32 {
  for (let i = 0; i < text.length; i++) {
    checksum = (checksum * 31 + text.charCodeAt(i)) & 0xffff;
  }
  return checksum;
}
