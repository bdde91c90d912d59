using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Tries to migrate one VM.</summary>
/// <param name="Tries">Migrations that failed in a row.</param>
/// <param name="RetryAt">Not before this time it is tried again.</param>
/// <param name="Trouble">Why the newest failed; empty when none did.</param>
public sealed record MoveAttempt(int Tries, Instant RetryAt, string Trouble);
