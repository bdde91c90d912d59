namespace TwoNodeHa.Sim.Pool;

public enum RoleKind
{
    Broken = 0,
    Master,
    Slave,
}

/// <summary>Content of pool.conf; anything unreadable means broken (xapi.md 4.1).</summary>
public sealed record Role(RoleKind Kind, string MasterAddress = "")
{
    public const string FileName = "pool.conf";

    public static readonly Role Master = new(RoleKind.Master);

    public static readonly Role Broken = new(RoleKind.Broken);

    public static Role Slave(string masterAddress) => new(RoleKind.Slave, masterAddress);

    public static Role Parse(string? text)
    {
        string trimmed = (text ?? "").Trim();
        if (trimmed == "master")
        {
            return Master;
        }

        // Everything after the first colon, so that an IPv6 address works.
        return trimmed.StartsWith("slave:", StringComparison.Ordinal) && trimmed.Length > 6
            ? Slave(trimmed[6..].Trim())
            : Broken;
    }

    public override string ToString() => Kind switch
    {
        RoleKind.Master => "master",
        RoleKind.Slave => "slave:" + MasterAddress,
        _ => "broken",
    };
}
