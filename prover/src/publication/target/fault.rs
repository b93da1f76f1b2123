//! What went wrong with a bucket, in words that hold no credentials.

use object_store::Error as StoreError;

use crate::error::Error;

/// What went wrong, in our words: the library's may quote a request with its signature, or whatever the server says.
pub(super) fn fault(place: &str, error: &StoreError) -> Error {
    let credentials = "Check the credentials in the environment, and that they may read, create and replace files there, and delete those below .por-probe/.";
    let (why, remedy) = match error {
        StoreError::NotFound { .. } => (
            "there is no such bucket".to_string(),
            "Make it first; check its name, and region and endpoint in the environment.",
        ),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => {
            ("access is denied".into(), credentials)
        }
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => (
            "the environment switches off what publications need, such as conditional writes"
                .into(),
            "Remove that setting, such as AWS_CONDITIONAL_PUT.",
        ),
        _ => (
            cause(error),
            "Check endpoint, region and credentials in the environment and the network, then start the same command again.",
        ),
    };
    Error::Remote {
        place: place.into(),
        why,
        remedy: remedy.into(),
    }
}

/// The connection's fault, or the status and the service's own code for it; nothing else is quoted.
fn cause(error: &StoreError) -> String {
    let mut link: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut text = String::new();
    while let Some(found) = link {
        if let Some(http) = found.downcast_ref::<object_store::client::HttpError>() {
            return std::error::Error::source(http)
                .map_or_else(|| "the request failed".into(), ToString::to_string);
        }
        text = format!("{text} {found}");
        link = found.source();
    }
    let word = |after: &str| {
        let rest = text.split_once(after)?.1;
        let word: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(40)
            .collect();
        (!word.is_empty()).then_some(word)
    };
    match (word("status code: "), word("<Code>")) {
        (Some(status), Some(code)) => format!("it answers with status {status} ({code})"),
        (Some(status), None) => format!("it answers with status {status}"),
        _ => "the environment does not say how to reach it, or its answer makes no sense".into(),
    }
}
