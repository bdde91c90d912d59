namespace TwoNodeHa.Core.Model;

/// <summary>How early a protected VM gets what is left of a host. The numbers are on disk and never change.</summary>
public enum VmClass
{
    /// <summary>Protected because <c>protect = all</c>; nobody marked it. After <see cref="Restart"/>.</summary>
    Ordinary = 0,

    /// <summary>Marked <c>restart</c>, or by HA-Lizard's field: first.</summary>
    Restart = 1,

    /// <summary>Marked <c>best-effort</c>: last, if memory is left.</summary>
    BestEffort = 2,
}
