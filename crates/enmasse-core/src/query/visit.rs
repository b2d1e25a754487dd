//! Walking over conditions and expressions.

use crate::query::{Expr, Operand, Q};

impl Expr {
    /// Calls `see` with the expression and every expression in it, but for those inside of subqueries.
    pub fn visit(&self, see: &mut dyn FnMut(&Expr)) {
        see(self);
        match self {
            Expr::Binary(left, _, right) => {
                left.visit(see);
                right.visit(see);
            }
            Expr::Function(_, parts) | Expr::Raw { parts, .. } => {
                parts.iter().for_each(|part| part.visit(see))
            }
            Expr::Case { whens, default } => {
                for (condition, result) in whens {
                    condition.visit(see);
                    result.visit(see);
                }
                if let Some(default) = default {
                    default.visit(see);
                }
            }
            Expr::Cast(value, _) => value.visit(see),
            Expr::Condition(condition) => condition.visit(see),
            Expr::Aggregate { of: Some(of), .. } => of.visit(see),
            Expr::Field(_)
            | Expr::Outer(_)
            | Expr::New(_)
            | Expr::Value(..)
            | Expr::Host { .. }
            | Expr::Subquery(_)
            | Expr::Aggregate { .. } => {}
        }
    }

    /// Whether there is an aggregate in it, subqueries aside.
    pub(crate) fn has_aggregate(&self) -> bool {
        let mut found = false;
        self.visit(&mut |part| found |= matches!(part, Expr::Aggregate { .. }));
        found
    }
}

impl Q {
    /// Calls `see` with every expression in the condition, but for those inside of subqueries. A subquery is seen as an
    /// [`Expr::Subquery`], also where the condition is that it has rows; a keyword as the [`Expr::Field`] it starts with.
    pub fn visit(&self, see: &mut dyn FnMut(&Expr)) {
        match self {
            Q::And(parts) | Q::Or(parts) | Q::Xor(parts) => parts.iter().for_each(|part| part.visit(see)),
            Q::Not(part) => part.visit(see),
            Q::Compare { left, right, .. } => {
                left.visit(see);
                right.visit(see);
            }
            Q::Named { path, right } => {
                see(&Expr::Field(path.clone()));
                right.visit(see);
            }
            Q::Exists(select) => see(&Expr::Subquery(select.clone())),
            Q::Expr(expr) => expr.visit(see),
        }
    }
}

impl Operand {
    fn visit(&self, see: &mut dyn FnMut(&Expr)) {
        match self {
            Operand::One(expr) => expr.visit(see),
            Operand::Several(exprs) => exprs.iter().for_each(|expr| expr.visit(see)),
            Operand::Query(select) => see(&Expr::Subquery(select.clone())),
            Operand::Many(_) | Operand::Keys(_) | Operand::Host(_) => {}
        }
    }
}
