//! Colors that people choose, and which of them can be read on which: whole numbers only (WCAG 2.2, contrast).

use std::fmt;
use std::str::FromStr;

/// A color of the screen, written `#1f5eff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

/// The text is not of the form `#1f5eff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoColor;

/// Contrast that text needs at least, times 100: 4.5 to 1.
pub const READABLE: u32 = 450;

impl Color {
    /// White.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };
    /// Black.
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0 };
    /// What cards stand on in the dark theme.
    pub const DARK: Self = Self { red: 0x14, green: 0x17, blue: 0x1b };

    /// Red, green and blue.
    #[must_use]
    pub const fn parts(self) -> [u8; 3] {
        [self.red, self.green, self.blue]
    }

    /// How bright it is, in millionths of white (relative luminance).
    fn luminance(self) -> u32 {
        let part = |value: u8, weight: u32| LINEAR[usize::from(value)] / 10 * weight / 1000;
        part(self.red, 2_126) + part(self.green, 7_152) + part(self.blue, 722)
    }

    /// The contrast to another color, times 100: from 100 (the same) to 2,100 (black on white).
    #[must_use]
    pub fn contrast(self, other: Self) -> u32 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 50_000) * 100 / (one.min(two) + 50_000)
    }

    /// White or black as text on this color: it always reaches [`READABLE`].
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= READABLE || self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// This color as text on `ground`: as it is where it can be read, else just so much toward black or white that it can.
    #[must_use]
    pub fn on(self, ground: Self) -> Self {
        let toward = if ground.luminance() > 180_000 { Self::BLACK } else { Self::WHITE };
        (0..=20).map(|twentieths| self.mixed(toward, twentieths)).find(|color| color.contrast(ground) >= READABLE).unwrap_or(toward)
    }

    /// With so many twentieths of another color in it.
    #[must_use]
    pub fn mixed(self, other: Self, twentieths: u16) -> Self {
        let twentieths = twentieths.min(20);
        let mix = |own: u8, its: u8| {
            let sum = u16::from(own) * (20 - twentieths) + u16::from(its) * twentieths;
            u8::try_from((sum + 10) / 20).unwrap_or(u8::MAX)
        };
        Self { red: mix(self.red, other.red), green: mix(self.green, other.green), blue: mix(self.blue, other.blue) }
    }
}

impl FromStr for Color {
    type Err = NoColor;

    fn from_str(text: &str) -> Result<Self, NoColor> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits = digits.ok_or(NoColor)?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| NoColor);
        Ok(Self { red: part(0)?, green: part(2)?, blue: part(4)? })
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// How bright each value of a channel is, in millionths: sRGB is not linear.
const LINEAR: [u32; 256] = [
    0, 304, 607, 911, 1_214, 1_518, 1_821, 2_125, 2_428, 2_732, 3_035, 3_347, 3_677, 4_025, 4_391, 4_777, 5_182, 5_605, 6_049, 6_512, 6_995, 7_499, 8_023,
    8_568, 9_134, 9_721, 10_330, 10_960, 11_612, 12_286, 12_983, 13_702, 14_444, 15_209, 15_996, 16_807, 17_642, 18_500, 19_382, 20_289, 21_219, 22_174,
    23_153, 24_158, 25_187, 26_241, 27_321, 28_426, 29_557, 30_713, 31_896, 33_105, 34_340, 35_601, 36_889, 38_204, 39_546, 40_915, 42_311, 43_735, 45_186,
    46_665, 48_172, 49_707, 51_269, 52_861, 54_480, 56_128, 57_805, 59_511, 61_246, 63_010, 64_803, 66_626, 68_478, 70_360, 72_272, 74_214, 76_185, 78_187,
    80_220, 82_283, 84_376, 86_500, 88_656, 90_842, 93_059, 95_307, 97_587, 99_899, 102_242, 104_616, 107_023, 109_462, 111_932, 114_435, 116_971, 119_538,
    122_139, 124_772, 127_438, 130_136, 132_868, 135_633, 138_432, 141_263, 144_128, 147_027, 149_960, 152_926, 155_926, 158_961, 162_029, 165_132, 168_269,
    171_441, 174_647, 177_888, 181_164, 184_475, 187_821, 191_202, 194_618, 198_069, 201_556, 205_079, 208_637, 212_231, 215_861, 219_526, 223_228, 226_966,
    230_740, 234_551, 238_398, 242_281, 246_201, 250_158, 254_152, 258_183, 262_251, 266_356, 270_498, 274_677, 278_894, 283_149, 287_441, 291_771, 296_138,
    300_544, 304_987, 309_469, 313_989, 318_547, 323_143, 327_778, 332_452, 337_164, 341_914, 346_704, 351_533, 356_400, 361_307, 366_253, 371_238, 376_262,
    381_326, 386_429, 391_572, 396_755, 401_978, 407_240, 412_543, 417_885, 423_268, 428_690, 434_154, 439_657, 445_201, 450_786, 456_411, 462_077, 467_784,
    473_531, 479_320, 485_150, 491_021, 496_933, 502_886, 508_881, 514_918, 520_996, 527_115, 533_276, 539_479, 545_724, 552_011, 558_340, 564_712, 571_125,
    577_580, 584_078, 590_619, 597_202, 603_827, 610_496, 617_207, 623_960, 630_757, 637_597, 644_480, 651_406, 658_375, 665_387, 672_443, 679_542, 686_685,
    693_872, 701_102, 708_376, 715_694, 723_055, 730_461, 737_910, 745_404, 752_942, 760_525, 768_151, 775_822, 783_538, 791_298, 799_103, 806_952, 814_847,
    822_786, 830_770, 838_799, 846_873, 854_993, 863_157, 871_367, 879_622, 887_923, 896_269, 904_661, 913_099, 921_582, 930_111, 938_686, 947_307, 955_973,
    964_686, 973_445, 982_251, 991_102, 1_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().expect("a color")
    }

    /// PLT-12
    #[test]
    fn a_color_is_six_hexadecimal_digits_and_is_written_small() {
        assert_eq!(color("#1F5eff").to_string(), "#1f5eff");
        for wrong in ["", "#", "1f5eff", "#1f5ef", "#1f5eff0", "#1f5efg", "red", "#+f5eff", "#ä5eff"] {
            assert_eq!(wrong.parse::<Color>(), Err(NoColor), "{wrong}");
        }
    }

    /// PLT-12
    #[test]
    fn contrast_is_that_of_the_rule() {
        assert_eq!(color("#000000").contrast(Color::WHITE), 2_100);
        assert_eq!(color("#777777").contrast(Color::WHITE), 447, "the known border: #767676 is the lightest gray that passes");
        assert!(color("#767676").contrast(Color::WHITE) >= READABLE);
        assert_eq!(Color::WHITE.contrast(Color::WHITE), 100);
    }

    /// PLT-12: whatever is chosen, what stands on it and what is written in it can be read.
    #[test]
    fn every_color_gets_a_text_that_can_be_read() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let color = color(&format!("#{red:02x}{green:02x}{blue:02x}"));
                    assert!(color.contrast(color.text()) >= READABLE, "{color}: {}", color.contrast(color.text()));
                    for ground in [Color::WHITE, Color::DARK] {
                        assert!(color.on(ground).contrast(ground) >= READABLE, "{color} on {ground}");
                    }
                }
            }
        }
        assert_eq!(color("#1f5eff").on(Color::WHITE), color("#1f5eff"), "what can be read stays");
    }
}
