//! Values: checked, stored, and in the forms in which they travel.

mod checked;
mod encode;
mod in_text;
