using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.State;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>XAPI's role file (pool_role.ml): <c>master</c>, <c>slave:ADDRESS</c> or <c>broken</c>.</summary>
internal sealed class RoleFile(string path, DiskSync? sync = null)
{
    private readonly DiskSync _sync = sync ?? new DiskSync();

    public (PoolRole Role, string MasterAddress) Read()
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (PoolRole.Unknown, "");
        }
    }

    /// <summary>Replaces the file; XAPI reads it at its next start.</summary>
    /// <exception cref="IOException">It could not be written; the former role stands.</exception>
    public void Write(string role)
    {
        var temporary = path + ".twonodeha";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(role));
            _sync.File(file);
        }

        File.Move(temporary, path, overwrite: true);
        _sync.Folder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    internal static (PoolRole Role, string MasterAddress) Parse(string text)
    {
        var role = text.Trim();
        if (role == "master")
        {
            return (PoolRole.Master, "");
        }

        return role.StartsWith("slave:", StringComparison.Ordinal) && role.Length > 6
            ? (PoolRole.Slave, role[6..].Trim())
            : (PoolRole.Broken, "");
    }
}
