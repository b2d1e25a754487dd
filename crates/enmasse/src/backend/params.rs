//! The error for a wrong number of parameters.

use enmasse_core::error::{Error, ErrorKind};

/// `The statement has 2 parameters, but 1 value was given.`
pub(crate) fn wrong_count(parameters: usize, values: usize) -> Error {
    let parameters =
        if parameters == 1 { "1 parameter".to_owned() } else { format!("{parameters} parameters") };
    let values = if values == 1 { "1 value was".to_owned() } else { format!("{values} values were") };
    Error::new(ErrorKind::Database, format!("The statement has {parameters}, but {values} given."))
}

#[cfg(test)]
mod tests {
    use super::wrong_count;

    #[test]
    fn d04_one_is_no_plural() {
        assert_eq!(wrong_count(2, 1).message(), "The statement has 2 parameters, but 1 value was given.");
        assert_eq!(wrong_count(1, 0).message(), "The statement has 1 parameter, but 0 values were given.");
    }
}
