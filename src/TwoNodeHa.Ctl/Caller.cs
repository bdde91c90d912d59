namespace TwoNodeHa.Ctl;

/// <summary>Who runs ha-ctl, as far as the environment tells: for the event log, never for a permission.</summary>
internal static class Caller
{
    /// <summary>For example <c>root (sudo by anna), pts/3, ssh from 192.0.2.50</c>.</summary>
    public static string Describe()
    {
        var user = User();
        var text = Variable("SUDO_USER") is { } behind && behind != user ? $"{user} (sudo by {behind})" : user;
        if (Terminal() is { } terminal)
        {
            text += ", " + terminal;
        }

        return Variable("SSH_CONNECTION")?.Split(' ')[0] is { Length: > 0 } from ? $"{text}, ssh from {from}" : text;
    }

    private static string User()
    {
        try
        {
            return Environment.UserName;
        }
        catch (IOException)
        {
            // No list of users, or none that a static program can read.
            return Environment.IsPrivilegedProcess ? "root" : "a user without a name";
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Terminal()
    {
        try
        {
            return new FileInfo("/proc/self/fd/0").LinkTarget is { } target && target.StartsWith("/dev/", StringComparison.Ordinal)
                && target != "/dev/null" ? target["/dev/".Length..] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
