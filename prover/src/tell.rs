//! Messages for people, on the standard error.

/// As `tell!`, but where nobody can be told (a closed pipe, a full disk) the work goes on: its exit code still tells.
#[macro_export]
macro_rules! tell {
    ($($message:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::writeln!(::std::io::stderr().lock(), $($message)*);
    }};
}
