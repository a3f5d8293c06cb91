//! Shapes by their distance functions, close to exact near the edge.

/// Something that can be filled: negative distances lie inside.
pub(in crate::synth) trait Shape {
    fn distance(&self, x: f32, y: f32) -> f32;
}

/// An ellipse, narrower at the bottom by `taper` (wider when negative).
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Egg {
    pub(in crate::synth) centre: [f32; 2],
    pub(in crate::synth) radii: [f32; 2],
    pub(in crate::synth) taper: f32,
}

impl Egg {
    pub(in crate::synth) fn ellipse(centre: [f32; 2], radii: [f32; 2]) -> Self {
        Self { centre, radii, taper: 0.0 }
    }

    pub(in crate::synth) fn circle(centre: [f32; 2], radius: f32) -> Self {
        Self::ellipse(centre, [radius, radius])
    }
}

impl Shape for Egg {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let down = ((y - self.centre[1]) / self.radii[1]).clamp(-1.2, 1.2);
        let radii = [self.radii[0] * (1.0 - self.taper * down), self.radii[1]];
        let scaled = [(x - self.centre[0]) / radii[0], (y - self.centre[1]) / radii[1]];
        let level = length(scaled);
        let slope = length([scaled[0] / radii[0], scaled[1] / radii[1]]);
        // The level set's value over its gradient: exact enough at the edge.
        if slope > 1e-4 { level * (level - 1.0) / slope } else { -radii[0].min(radii[1]) }
    }
}

/// The ring along an ellipse's edge.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Ring {
    pub(in crate::synth) edge: Egg,
    pub(in crate::synth) thickness: f32,
}

impl Shape for Ring {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.edge.distance(x, y).abs() - self.thickness / 2.0
    }
}

/// A brush stroke along a parabola, thinner towards its ends.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Stroke {
    /// Its middle.
    pub(in crate::synth) centre: [f32; 2],
    /// Half its width.
    pub(in crate::synth) reach: f32,
    /// How far its ends lie below its middle.
    pub(in crate::synth) bend: f32,
    /// How far its right end lies below its left one.
    pub(in crate::synth) slant: f32,
    pub(in crate::synth) thickness: f32,
}

impl Shape for Stroke {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let along = (x - self.centre[0]) / self.reach;
        let inside = along.clamp(-1.0, 1.0);
        let height = self.centre[1] + self.bend * inside * inside + self.slant / 2.0 * inside;
        let slope = (2.0 * self.bend * inside + self.slant / 2.0) / self.reach;
        let across = (y - height) / (1.0 + slope * slope).sqrt();
        let beyond = (along - inside) * self.reach;
        length([across, beyond]) - self.thickness / 2.0 * (1.0 - 0.6 * inside * inside)
    }
}

/// The part of a shape above (or, with a negative `side`, below) a height.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Cut<S> {
    pub(in crate::synth) shape: S,
    pub(in crate::synth) height: f32,
    pub(in crate::synth) side: f32,
}

impl<S: Shape> Shape for Cut<S> {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.shape.distance(x, y).max((y - self.height) * self.side)
    }
}

/// A shape with a hole.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Without<S, H> {
    pub(in crate::synth) shape: S,
    pub(in crate::synth) hole: H,
}

impl<S: Shape, H: Shape> Shape for Without<S, H> {
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.shape.distance(x, y).max(-self.hole.distance(x, y))
    }
}

fn length([x, y]: [f32; 2]) -> f32 {
    (x * x + y * y).sqrt()
}
