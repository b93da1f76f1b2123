//! The steps of the numbered verification, each with its number, its name and what it claims.

/// The steps of the numbered verification (SPEC §9 for statements, §10 for audits).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant's claim is its documentation")]
pub enum Step {
    WellFormed,
    AttestationSigned,
    AttestationApproved,
    AttestationLogged,
    WitnessesCosigned,
    InOrder,
    StatementSigned,
    AccountExpected,
    LogComplete,
    HeadFresh,
    BooksComplete,
    ReservesComplete,
    Ownership,
    ReservesSummed,
    AnnexesPresent,
    FilesExpected,
    BalancesEvidenced,
    BalancesConfirmed,
    BookListed,
    AmountRounded,
    LeafIncluded,
    SiblingsNonNegative,
    TotalProven,
    Covered,
}

impl Step {
    /// Number, identifier and claim.
    const fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::WellFormed => (
                1,
                "well-formed",
                "Every file has the form that this version of the format requires.",
            ),
            Self::AttestationSigned => (
                2,
                "attestation-signed",
                "The attestation is signed by the exchange's log key that the policy names.",
            ),
            Self::AttestationApproved => (
                3,
                "attestation-approved",
                "The roles that the policy names have approved the attestation.",
            ),
            Self::AttestationLogged => (
                4,
                "attestation-logged",
                "The attestation is in the exchange's log, under a head that the log key signed.",
            ),
            Self::WitnessesCosigned => (
                5,
                "witnesses-cosigned",
                "As many witnesses have cosigned that head of the log as the policy asks for.",
            ),
            Self::InOrder => (
                6,
                "in-order",
                "The snapshot is not later than the log head, or, where no witness dates it, than now.",
            ),
            Self::StatementSigned => (
                7,
                "statement-signed",
                "The exchange signed this statement, for this attestation.",
            ),
            Self::AccountExpected => (
                8,
                "account-expected",
                "The statement is for the account you named.",
            ),
            Self::LogComplete => (
                9,
                "log-complete",
                "The log holds what its head is signed for, entry after entry, and its history keeps the rules.",
            ),
            Self::HeadFresh => (
                10,
                "head-fresh",
                "The head of the log is not older than the policy allows.",
            ),
            Self::BooksComplete => (
                11,
                "books-complete",
                "The list of books is the one that the attestation is bound to.",
            ),
            Self::ReservesComplete => (
                12,
                "reserves-complete",
                "The list of reserves is the one that the attestation is bound to.",
            ),
            Self::Ownership => (
                13,
                "ownership",
                "Each address has a signature over the dated challenge, and stands once.",
            ),
            Self::ReservesSummed => (
                14,
                "reserves-summed",
                "The reserves stated for each asset are the sum of its addresses, rounded down.",
            ),
            Self::AnnexesPresent => (
                15,
                "annexes-present",
                "Every annex has the size and the digest it should have.",
            ),
            Self::FilesExpected => (
                16,
                "files-expected",
                "The publication holds the files of its books and no others.",
            ),
            Self::BalancesEvidenced => (
                17,
                "balances-evidenced",
                "Each balance is what the evidence given for it says; the class says what that is worth.",
            ),
            Self::BalancesConfirmed => (
                18,
                "balances-confirmed",
                "The checker's own nodes have the snapshot's blocks, and say the same.",
            ),
            Self::BookListed => (
                19,
                "book-listed",
                "The attestation lists this book, with this root and this total.",
            ),
            Self::AmountRounded => (
                20,
                "amount-rounded",
                "The amount counted is the exact balance, rounded up.",
            ),
            Self::LeafIncluded => (
                21,
                "leaf-included",
                "The account's leaf, with this amount, is in the tree under the published root.",
            ),
            Self::SiblingsNonNegative => (
                22,
                "siblings-non-negative",
                "No amount in the tiles that were looked at is negative, so nothing can be subtracted from the total.",
            ),
            Self::TotalProven => (
                23,
                "total-proven",
                "The published total, or the bound on it, belongs to this root.",
            ),
            Self::Covered => (
                24,
                "covered",
                "The reserves of this asset are at least its liabilities.",
            ),
        }
    }

    /// Number of the step.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.row().0
    }

    /// Stable identifier in kebab-case.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().1
    }

    /// What is true when the step passes.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        self.row().2
    }
}
