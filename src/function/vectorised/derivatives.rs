//! Plans of derivatives along a direction, made when they are first needed.

use super::Vectorised;
use super::plan::Plan;
use super::planned::Planned;
use crate::error::Error;
use crate::function::Function;

impl<T> Vectorised<T> {
    /// The values and the derivatives in a direction, as a function of the inputs and of the direction.
    pub(super) fn jvp_plan(&self) -> Option<&Plan> {
        self.jvp.get_or_init(|| self.derived(Function::jvp)).as_ref()
    }

    /// The derivative in a direction, of a function with one output. Its gradient is the Hessian-vector product.
    pub(super) fn hvp_plan(&self) -> Option<&Plan> {
        self.hvp.get_or_init(|| self.derived(|function| function.jvp()?.output(1))).as_ref()
    }

    /// A plan of a derivative; `None` where the function itself does not pay, or the derivative does not. (An error of a
    /// function that was loaded is that of its evaluation.)
    fn derived(&self, derivative: impl FnOnce(&Function) -> Result<Function, Error>) -> Option<Plan> {
        self.plan.as_ref()?;
        let function = derivative(&self.function).ok()?;
        Planned::new(&function, self.exactness, size_of::<T>(), self.limits).paying()
    }
}
