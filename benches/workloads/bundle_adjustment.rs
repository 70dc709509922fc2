//! Bundle adjustment: for each observation the reprojection error of a point in a camera, and its Jacobian with
//! respect to the camera (rotation, centre, focal length, principal point, distortion), the point and the weight.

use super::{Batch, Workload, data::Seeded};
use std::ops::Sub;
use tapegrad::{
    Function, Pass, Real, Var,
    batch::{BatchWorkspace, Column, Samples},
    preaccumulate,
};

/// 11 numbers for the camera, 3 for the point, the weight.
const INPUTS: usize = 15;

pub struct Observation {
    pub inputs: [f64; INPUTS],
    /// Where the point was seen.
    pub feature: [f64; 2],
}

pub struct BundleAdjustment {
    observations: Vec<Observation>,
}

impl BundleAdjustment {
    pub fn new(observations: Vec<Observation>) -> BundleAdjustment {
        BundleAdjustment { observations }
    }

    pub fn random(observations: usize) -> BundleAdjustment {
        let mut seeded = Seeded::new(8);
        let mut draw = |centre: f64, radius: f64| centre + seeded.uniform(-radius..radius);
        let observation = |_| Observation {
            inputs: [
                [draw(0.0, 0.5), draw(0.0, 0.5), draw(0.0, 0.5)],
                [draw(0.0, 1.0), draw(0.0, 1.0), draw(0.0, 1.0)],
                [draw(500.0, 50.0), draw(320.0, 20.0), draw(240.0, 20.0)],
                [draw(0.0, 0.1), draw(0.0, 0.1), draw(0.0, 2.0)],
                [draw(0.0, 2.0), draw(8.0, 2.0), draw(1.0, 0.5)],
            ]
            .concat()
            .try_into()
            .expect("fifteen inputs"),
            feature: [draw(320.0, 100.0), draw(240.0, 100.0)],
        };
        BundleAdjustment::new((0..observations).map(observation).collect())
    }
}

plain_and_fused! {
    /// The weighted distance between where the camera sees the point and where it was seen.
    fn residual<R: Real + Sub<F, Output = R>, F>(x: [R; INPUTS], [u, v]: [F; 2]) -> [R; 2] {
        let [r0, r1, r2, c0, c1, c2, focal, u0, v0, k1, k2, x0, x1, x2, weight] = x;
        let p = rotate([r0, r1, r2], [x0 - c0, x1 - c1, x2 - c2]);
        let e = project(p, [k1, k2], focal);
        [(e[0] + u0 - u) * weight, (e[1] + v0 - v) * weight]
    }

    /// The image of a point in the camera, relative to the principal point.
    #[inline(always)]
    fn project<R: Real>(p: [R; 3], [k1, k2]: [R; 2], focal: R) -> [R; 2] {
        let e = [p[0] / p[2], p[1] / p[2]];
        let square = e[0] * e[0] + e[1] * e[1];
        let distortion = k1 * square + k2 * square * square + 1.0;
        e.map(|e| e * distortion * focal)
    }

    /// `v` rotated by the rotation vector `r` (Rodrigues).
    #[inline(always)]
    fn rotate<R: Real>(r: [R; 3], v: [R; 3]) -> [R; 3] {
        let square = dot(r, r);
        if square == 0.0 {
            let turned = cross(r, v);
            return [0, 1, 2].map(|k| v[k] + turned[k]);
        }
        let angle = square.sqrt();
        let axis = r.map(|r| r / angle);
        let (sin, cos) = (angle.sin(), angle.cos());
        let (turned, along) = (cross(axis, v), dot(axis, v) * (-cos + 1.0));
        [0, 1, 2].map(|k| v[k] * cos + turned[k] * sin + axis[k] * along)
    }

    #[inline(always)]
    fn dot<R: Real>(a: [R; 3], b: [R; 3]) -> R {
        a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    }

    #[inline(always)]
    fn cross<R: Real>(a: [R; 3], b: [R; 3]) -> [R; 3] {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    }

    /// The straightforward form.
    pub fn plain<R: Real>(workload: &BundleAdjustment, part: usize, x: &[R]) -> [R; 2] {
        residual(x.try_into().expect("fifteen inputs"), workload.observations[part].feature)
    }
}

/// As [`residual`], in preaccumulated blocks of few inputs: rotation, projection, and the residual of each
/// coordinate.
fn fused_residual(x: [Var; INPUTS], feature: [f64; 2]) -> [Var; 2] {
    let [r0, r1, r2, c0, c1, c2, focal, u0, v0, k1, k2, x0, x1, x2, weight] = x;
    let p = preaccumulate([r0, r1, r2, x0 - c0, x1 - c1, x2 - c2], |[r0, r1, r2, v0, v1, v2]| {
        rotate([r0, r1, r2], [v0, v1, v2])
    });
    let e = preaccumulate([p[0], p[1], p[2], k1, k2, focal], |[p0, p1, p2, k1, k2, focal]| {
        project([p0, p1, p2], [k1, k2], focal)
    });
    let residual = |e: Var, centre: Var, feature: f64| {
        preaccumulate([e, centre, weight], |[e, centre, weight]| (e + centre - feature) * weight)
    };
    [residual(e[0], u0, feature[0]), residual(e[1], v0, feature[1])]
}

impl Workload<2> for BundleAdjustment {
    const NAME: &'static str = "bundle_adjustment";

    fn parts(&self) -> usize {
        self.observations.len()
    }

    fn point(&self, part: usize) -> &[f64] {
        &self.observations[part].inputs
    }

    plain_and_fused_methods!(2);

    fn tuned(&self, part: usize, x: &[Var]) -> [Var; 2] {
        fused_residual(x.try_into().expect("fifteen inputs"), self.observations[part].feature)
    }

    fn batched(&self) -> Option<Box<Batch>> {
        let observation = &self.observations[0];
        let at = [&observation.inputs[..], &observation.feature].concat();
        let residuals = Function::record(
            |x: &[Var]| residual(x[..INPUTS].try_into().expect("fifteen inputs"), [x[INPUTS], x[INPUTS + 1]]),
            &at[..],
        );
        let residuals =
            residuals.expect("can be replayed").with_held(INPUTS..INPUTS + 2).expect("so many inputs");
        let passes = [Pass::FoldConstants, Pass::DropNeutral, Pass::MergeCommon, Pass::DropDead];
        let batched = residuals.with_passes(&passes).batched(0..0).expect("no input is shared");
        let row = INPUTS + 2;
        let rows = self.observations.iter().flat_map(|o| o.inputs.into_iter().chain(o.feature));
        let (rows, mut workspace) = (rows.collect::<Vec<f64>>(), BatchWorkspace::new());
        Some(Box::new(move |gradients| {
            let columns: Vec<Column<'_>> = (0..row).map(|k| Column::strided(&rows, k, row)).collect();
            let samples = Samples::new(&columns).expect("columns of one length");
            batched
                .evaluator_in(&mut workspace)
                .jacobians_into(&[], &samples, gradients)
                .expect("the same branches");
        }))
    }

    fn by_hand(&mut self, part: usize, gradient: &mut [f64]) -> [f64; 2] {
        let Observation { inputs, feature } = &self.observations[part];
        let [r0, r1, r2, c0, c1, c2, focal, u0, v0, k1, k2, x0, x1, x2, weight] = *inputs;
        let (r, v) = ([r0, r1, r2], [x0 - c0, x1 - c1, x2 - c2]);
        let angle = dot(r, r).sqrt();
        let (sin, cos) = angle.sin_cos();
        let axis = if angle == 0.0 { r } else { r.map(|r| r / angle) };
        let (turned, along) = (cross(axis, v), dot(axis, v));
        // Where the angle is 0, the point is turned by `r` itself.
        let (sin, versine) = if angle == 0.0 { (1.0, 0.0) } else { (sin, 1.0 - cos) };
        let p = [0, 1, 2].map(|k| v[k] * cos + turned[k] * sin + axis[k] * along * versine);
        let e = [p[0] / p[2], p[1] / p[2]];
        let square = e[0] * e[0] + e[1] * e[1];
        let distortion = 1.0 + k1 * square + k2 * square * square;
        let by_square = k1 + 2.0 * k2 * square;

        let mut values = [0.0; 2];
        for (k, by) in gradient.chunks_exact_mut(INPUTS).enumerate() {
            let error = e[k] * distortion * focal + [u0, v0][k] - feature[k];
            values[k] = error * weight;
            let by_e = [0, 1].map(|l| {
                let direct = if k == l { distortion } else { 0.0 };
                weight * focal * (direct + 2.0 * e[k] * by_square * e[l])
            });
            let g = [by_e[0] / p[2], by_e[1] / p[2], -(by_e[0] * e[0] + by_e[1] * e[1]) / p[2]];
            let axis_g = dot(axis, g);
            let (v_g, g_axis) = (cross(v, g), cross(g, axis));
            let by_v = [0, 1, 2].map(|j| cos * g[j] + sin * g_axis[j] + versine * axis_g * axis[j]);
            let by_axis = [0, 1, 2].map(|j| sin * v_g[j] + versine * (along * g[j] + axis_g * v[j]));
            let by_r = if angle == 0.0 {
                by_axis
            } else {
                let by_angle = -sin * dot(v, g) + cos * dot(turned, g) + sin * along * axis_g;
                let radial = by_angle - dot(by_axis, axis) / angle;
                [0, 1, 2].map(|j| by_axis[j] / angle + radial * axis[j])
            };
            by[..3].copy_from_slice(&by_r);
            by[3..6].copy_from_slice(&by_v.map(|by| -by));
            by[6] = weight * distortion * e[k];
            by[7] = if k == 0 { weight } else { 0.0 };
            by[8] = if k == 1 { weight } else { 0.0 };
            by[9] = weight * focal * e[k] * square;
            by[10] = by[9] * square;
            by[11..14].copy_from_slice(&by_v);
            by[14] = error;
        }
        values
    }
}
