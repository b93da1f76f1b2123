//! Messages for people, on the standard error.

/// As [`std::eprintln!`], with what a terminal would obey escaped: a message may quote what somebody else wrote. Where
/// nobody can be told (a closed pipe, a full disk) the work goes on: its exit code still tells.
#[macro_export]
macro_rules! tell {
    ($($message:tt)*) => {{
        use ::std::io::Write as _;
        let message = ::por_protocol::shown::lines(&::std::format!($($message)*));
        let _ = ::std::writeln!(::std::io::stderr().lock(), "{message}");
    }};
}
