//! Codes of Chinese administration with their check digits.
