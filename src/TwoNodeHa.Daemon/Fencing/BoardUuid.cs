namespace TwoNodeHa.Daemon.Fencing;

/// <summary>
/// Uuids of one host as its firmware and its board say them. IPMI, SMBIOS and RFC 4122 order the bytes differently (ipmitool(1),
/// "mc guid"), and boards do not keep to one.
/// </summary>
internal static class BoardUuid
{
    /// <summary>True when both are the same in any order of bytes in use; false when the board says none.</summary>
    public static bool Same(Guid host, Guid? board)
    {
        if (board is not { } other)
        {
            return false;
        }

        var bytes = host.ToByteArray(bigEndian: true);
        var reversed = bytes.Reverse().ToArray();
        return other == host || other == new Guid(bytes) || other == new Guid(reversed, bigEndian: true) || other == new Guid(reversed);
    }
}
