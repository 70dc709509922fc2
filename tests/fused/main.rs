//! Promise: a fused function is the function that is written.

mod first;
