namespace TwoNodeHa.Ctl;

/// <summary>Exit codes of ha-ctl. Documented in docs/ha-ctl.md; a number never changes its meaning.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The daemon refused; the reason is printed.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong, or a confirmation is missing.</summary>
    public const int Usage = 2;

    /// <summary>The daemon cannot be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>Accepted, but not confirmed by the other host yet: what still holds is printed.</summary>
    public const int Pending = 4;

    /// <summary>The configuration or the checks have findings.</summary>
    public const int Findings = 5;

    /// <summary>The daemon did not answer in time; whether it acts on the request is not known.</summary>
    public const int Timeout = 6;

    /// <summary>The daemon's answer could not be understood.</summary>
    public const int Garbled = 7;

    /// <summary>A local file could not be read or written.</summary>
    public const int LocalFailure = 8;
}
