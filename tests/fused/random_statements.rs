//! Written by `random.py`.

use crate::form::Form;
use crate::random::{LIMIT, random_forms};
use tapegrad::Real;

random_forms! {
    x a b c d k;
    f0 { ((((a).elu(-1.25)).round() / ((a).cosh() - 0.5)) % (a * ((b - b) - (b * x[3])))) + a * b }
    f1 { c + a * b }
    f2 { ((x[3]).softplus() + (c).xlogy(2.0)) + a * b }
    f3 { ((a + ((x[3] * c)).ln_normal_cdf())).sinh() + a * b }
    f4 { ((((c).erf() + (b - c))).powf((c).log10())).floor() + a * b }
    f5 { ((((x[3] + LIMIT) / (*d).atan2(-1.25)) - ((x[3] % x[3]) * (c).gelu())) * (((-c)).erf() * ((*d % 2.0) * (c).leaky_relu(2.0)))) + a * b }
    f6 { ((((*d * c) / (b).round())).softplus() - LIMIT) + a * b }
    f7 { ((((x[3]).softplus()).exp() * ((*d * 1e-3) + (*d).fract()))).softplus() + a * b }
    f8 { ((c % b) % 1e-3) + a * b }
    f9 { (((*d).recip() / (*d).erf())).ln() + a * b }
    f10 { ((x[3] * b) * (a).acos()) + a * b }
    f11 { (*d).exp2() + a * b }
    f12 { (b * ((x[3] - b)).recip()) + a * b }
    f13 { ((b).gelu() % ((c * a) + (c).ceil())) + a * b }
    f14 { x[3] + a * b }
    f15 { ((((b + x[3])).round()).ln_gamma() + (x[3] * -1.25)) + a * b }
    f16 { ((((a / a) % (a).tan())).xlogy((a / b))).atan2(0.5) + a * b }
    f17 { a + a * b }
    f18 { (((b).equal(0.5) % (c - *d))).silu() + a * b }
    f19 { ((c).gelu() % 0.5) + a * b }
    f20 { ((((b).mul_add(k, 0.5) / (a).acosh()) * 2.0) * (((b - -1.25) % (x[3] * 1e-3))).acosh()) + a * b }
    f21 { (((x[3]).sqrt() + (c + c)) + LIMIT) + a * b }
    f22 { (x[3] / (((x[3]).tan()).digamma()).max((c - -1.25))) + a * b }
    f23 { *d + a * b }
    f24 { (((-(a + x[3]))).max((a).silu()) / (((*d + c) / (*d / b))).stop_gradient()) + a * b }
    f25 { (-(((b).cos()).log(x[3])).equal(LIMIT)) + a * b }
    f26 { b + a * b }
    f27 { x[3] + a * b }
    f28 { ((((c).clamp(2.0, 2.0) + LIMIT) * ((x[3] - -1.25)).signum())).tan() + a * b }
    f29 { *d + a * b }
    f30 { (a / (((a * -1.25) - LIMIT)).ceil()) + a * b }
    f31 { (((a).sigmoid() / -1.25) * LIMIT) + a * b }
    f32 { (((b).acos() / (a - x[3])) * (x[3] - c)) + a * b }
    f33 { (((*d + LIMIT)).cosh()).fract() + a * b }
    f34 { ((((*d).tanh() % (x[3]).signum()) + 2.0) / c) + a * b }
    f35 { ((a).sin()).recip() + a * b }
    f36 { (((a % LIMIT)).round()).acos() + a * b }
    f37 { ((*d - 0.5)).ln_normal_cdf() + a * b }
    f38 { (((-b) - x[3]) - 2.0) + a * b }
    f39 { a + a * b }
    f40 { ((-(*d + c)) / ((x[3] % b)).ln()) + a * b }
    f41 { b + a * b }
    f42 { b + a * b }
    f43 { (-((b).relu() * 2.0)) + a * b }
    f44 { ((*d).relu() * (*d / b)) + a * b }
    f45 { c + a * b }
    f46 { ((b + 1e-3) * -1.25) + a * b }
    f47 { ((((b + 0.5) / (a).exp2())).erfc()).exp2() + a * b }
    f48 { ((*d).log2()).cbrt() + a * b }
    f49 { ((x[3] % *d)).normal_cdf() + a * b }
    f50 { (-(-a)) + a * b }
    f51 { (((b).leaky_relu(-1.25)).cosh()).asinh() + a * b }
    f52 { (((x[3] + a) - 1e-3)).sqrt() + a * b }
    f53 { (-(b).silu()) + a * b }
    f54 { ((x[3]).stop_gradient() * b) + a * b }
    f55 { (((a).signum() % (-c))).exp2() + a * b }
    f56 { ((((b / -1.25) * 1e-3)).erfcx() + (((c % c) + (*d).cosh())).erfc()) + a * b }
    f57 { ((-*d) * (((x[3]).ln() + 1e-3) * -1.25)) + a * b }
    f58 { (((a * -1.25) + (b * LIMIT)) % ((a).ln_normal_cdf() % LIMIT)) + a * b }
    f59 { (((x[3]).erfcx_integral(1)).exp() * (((c * c) * (c - x[3])) / ((-b) - 1e-3))) + a * b }
    f60 { ((*d - b) % (c * 1e-3)) + a * b }
    f61 { (((c).exp()).cbrt() * (*d).erfcx_integral(1)) + a * b }
    f62 { ((((a % LIMIT) - (c - k))).stop_gradient()).mul_add((a % (x[3] + 0.5)), (x[3] + *d)) + a * b }
    f63 { ((a).gelu() % (*d).digamma()) + a * b }
    f64 { ((((*d + LIMIT)).cos() % ((a - c) + (c).softplus())) % (((-c)).atan2(x[3]) / ((b + b) / b))) + a * b }
    f65 { ((((a * x[3])).ln_normal_cdf()).gelu() - 0.5) + a * b }
    f66 { ((b).tanh()).trunc() + a * b }
    f67 { (b / 1e-3) + a * b }
    f68 { (*d - (-(x[3]).ln_normal_cdf())) + a * b }
    f69 { ((b * 0.5)).log2() + a * b }
    f70 { ((x[3] - 1e-3)).cosh() + a * b }
    f71 { (((c / b) * (b).less_equal(LIMIT))).tan() + a * b }
    f72 { ((((c).signum()).stop_gradient() * ((*d).sinh()).less(a))).elu(((*d - b)).round()) + a * b }
    f73 { ((((a).powi(1) + (*d).sqrt()) + ((a + a)).asinh())).asinh() + a * b }
    f74 { ((x[3]).log10() + (a + 2.0)) + a * b }
    f75 { (c / (-(b + a))) + a * b }
    f76 { x[3] + a * b }
    f77 { ((((c).select(1e-3, 0.5) / 0.5) % 2.0)).xlogy(((*d % k)).acos()) + a * b }
    f78 { ((((*d * x[3])).ln_1p()).ln_normal_cdf()).erfcx() + a * b }
    f79 { (((*d).cos() - (b / a))).stop_gradient() + a * b }
    f80 { ((((b % b) % 2.0)).gelu() * (((x[3] * a)).recip() * ((a % a)).log(a))) + a * b }
    f81 { ((b % (a + x[3])) * ((a).mul_add(2.0, 1e-3) + (a % c))) + a * b }
    f82 { (((-(a).clamp(k, 2.0)) / ((*d % 1e-3) % (b % k))) + (-((a % c)).cbrt())) + a * b }
    f83 { b + a * b }
    f84 { ((((*d + a)).trunc()).cosh() * (((c * 2.0) / (b).ln_normal_cdf())).ln_1p()) + a * b }
    f85 { ((x[3] / a) * (-*d)) + a * b }
    f86 { (((b % b) - (x[3]).asin()) - ((c).atanh()).sigmoid()) + a * b }
    f87 { x[3] + a * b }
    f88 { ((*d).recip() / (((a).atanh()).round()).ln()) + a * b }
    f89 { ((((*d).less_equal(k) - (a * *d))).exp_m1()).gelu() + a * b }
    f90 { ((((c - -1.25)).softplus()).erfcx() + (((x[3]).asin()).stop_gradient() % ((a - 2.0) + (c / LIMIT)))) + a * b }
    f91 { c + a * b }
    f92 { ((((x[3] - *d) % (*d).exp())).equal((c % x[3])) % k) + a * b }
    f93 { ((*d / b) / (x[3] / c)) + a * b }
    f94 { (c).sinh() + a * b }
    f95 { ((((b * x[3]) * (a / LIMIT))).mul_add(LIMIT, (a / b))).equal(((b).sinh() + (*d - x[3]))) + a * b }
    f96 { ((-x[3]) * (x[3]).exp_m1()) + a * b }
    f97 { (-(((a).erfcx()).max(b) - ((b).abs()).fract())) + a * b }
    f98 { ((-((b).ln_normal_cdf() / (-*d))) - (((x[3] - *d) - 2.0) + LIMIT)) + a * b }
    f99 { ((((c).log10() / (b).mul_add(k, k))).cosh()).relu() + a * b }
    f100 { ((((*d / a) + (-a)) + ((x[3]).erfcx_integral(3) + LIMIT)) - (((c).atan2(2.0)).erf() % (a * (x[3]).sqrt()))) + a * b }
    f101 { (x[3]).less(2.0) + a * b }
    f102 { ((((b * a) % (x[3] + k))).atan() + a) + a * b }
    f103 { ((b).trunc() + (-b)) + a * b }
    f104 { ((b).erfcx()).max(b) + a * b }
    f105 { ((x[3] / c)).ln_1p() + a * b }
    f106 { a + a * b }
    f107 { ((((c * *d) * (a).exp()) - (x[3]).sinh())).select(-1.25, ((c % c)).ln_1p()) + a * b }
    f108 { ((((c / b) / 0.5) / ((x[3]).abs()).erfcx())).softplus() + a * b }
    f109 { c + a * b }
    f110 { ((((c).sinh()).stop_gradient()).log10() * (((b * -1.25) * (-*d)) - ((x[3] * k)).min(LIMIT))) + a * b }
    f111 { (((c).cosh() + 1e-3) / 1e-3) + a * b }
    f112 { (-(x[3] / 0.5)) + a * b }
    f113 { ((-((b / b)).exp2()) + (-((c).powf(-1.25)).ln_1p())) + a * b }
    f114 { ((-(x[3]).ln_normal_cdf())).log10() + a * b }
    f115 { (((x[3]).sqrt()).sigmoid()).exp2() + a * b }
    f116 { (-(b).silu()) + a * b }
    f117 { ((((x[3] * 2.0) / (*d).normal_cdf())).log((x[3]).clamp(LIMIT, LIMIT))).max((c).cbrt()) + a * b }
    f118 { ((x[3]).ln_gamma() + (c - b)) + a * b }
    f119 { (-((c).exp2() / LIMIT)) + a * b }
    f120 { (c).acos() + a * b }
    f121 { ((x[3]).atan2(1e-3) / (b).sin()) + a * b }
    f122 { (((-(a % c)) / 2.0) + 0.5) + a * b }
    f123 { *d + a * b }
    f124 { ((((a + c) + (*d - a)) / -1.25) * (((*d % b)).binary_cross_entropy(-1.25)).sin()) + a * b }
    f125 { (((b % 2.0)).erf() % (((-a) - (c).min(-1.25)) - LIMIT)) + a * b }
    f126 { (c % k) + a * b }
    f127 { (((x[3] - 1e-3)).exp() - 2.0) + a * b }
    f128 { ((-(c % x[3])) - ((c).signum()).binary_cross_entropy(x[3])) + a * b }
    f129 { (((-(*d % c))).log2()).stop_gradient() + a * b }
    f130 { ((((b + x[3]) / -1.25) + ((x[3] + b)).log2())).tanh() + a * b }
    f131 { (((c).log2()).atan2(k)).erf() + a * b }
    f132 { (*d).round() + a * b }
    f133 { (((-*d)).gelu() - ((a - a)).min(a)) + a * b }
    f134 { ((((x[3]).erf() / (a % x[3])) % ((c % *d) - (a % *d))) + a) + a * b }
    f135 { (((c % -1.25) % ((b - a)).asin()) + ((b).leaky_relu(b) % ((a * a)).powf(a))) + a * b }
    f136 { ((a * 2.0) * 0.5) + a * b }
    f137 { ((a).atanh()).ln() + a * b }
    f138 { ((*d).erfc()).cos() + a * b }
    f139 { ((a * b) / (b).log10()) + a * b }
    f140 { (((c - 0.5) % (a).max(-1.25)) % ((a + LIMIT) / LIMIT)) + a * b }
    f141 { *d + a * b }
    f142 { (((c % x[3])).abs() / ((*d / x[3]) % (b + c))) + a * b }
    f143 { (((a).atan() / (a / a)) + ((b - b) / (a).elu(k))) + a * b }
    f144 { ((c * 0.5) / k) + a * b }
    f145 { (c / ((c + k) % (x[3]).digamma())) + a * b }
    f146 { (((x[3] / 0.5)).ln_1p() * 2.0) + a * b }
    f147 { (a % (((*d).gelu()).leaky_relu(b) + ((c - b)).floor())) + a * b }
    f148 { ((((x[3] * b) / (a).gelu())).erfcx_integral(2)).stop_gradient() + a * b }
    f149 { ((b + a) + c) + a * b }
}
