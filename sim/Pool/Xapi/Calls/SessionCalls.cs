using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>session.* and system.* (xapi.md 1.4).</summary>
internal static class SessionCalls
{
    public static void Register(MethodTable table)
    {
        table.AddWithoutSession("session.login_with_password", 2, 2, LoginAsync);
        table.AddWithoutSession("session.slave_login", 2, 0, call => SlaveLogin(call));
        table.AddWithoutSession("session.slave_local_login", 1, 0, call => LocalLoginBySecret(call));
        table.AddWithoutSession("session.slave_local_login_with_password", 2, 0, LocalLoginAsync);
        table.Add("session.logout", 0, 0, call => Logout(call), mayBeAsync: false);
        table.Add("session.local_logout", 0, 0, call => Logout(call), mayBeAsync: false);
        table.Add("session.get_this_host", 1, 0, call =>
            call.Process.Sessions.ThisHost(call.Text(0)), mayBeAsync: false);
        table.Add("session.get_is_local_superuser", 1, 0, call => IsLocalSuperuser(call), mayBeAsync: false);
        table.AddWithoutSession("system.isAlive", 0, 1, call => call.Text(0));
        table.AddWithoutSession("system.listMethods", 0, 0, call =>
            new JsonArray([.. call.Process.Methods.Names.Select(name => (JsonNode)name)]));
    }

    private static async Task<JsonNode?> LoginAsync(Call call)
    {
        XapiProcess process = call.Process;
        if (call.Origin == CallOrigin.Tcp)
        {
            // Refused from the role file alone, so it answers even with a dead master.
            AssertMaster(process);
            await CheckPasswordAsync(call).ConfigureAwait(false);
        }

        // On a member's unix socket the session is written into the master's database over the link.
        return await process.Link.DbAsync("emu.db_login", call.Text(3), process.HostRef).ConfigureAwait(false);
    }

    private static JsonNode SlaveLogin(Call call)
    {
        AssertMaster(call.Process);
        AssertSecret(call, call.Text(1));
        return call.Process.Sessions.Login("slave_login", call.Text(0));
    }

    private static JsonNode LocalLoginBySecret(Call call)
    {
        if (call.Origin != CallOrigin.Unix)
        {
            AssertSecret(call, call.Text(0));
        }

        return call.Process.Sessions.LoginLocal();
    }

    private static async Task<JsonNode?> LocalLoginAsync(Call call)
    {
        if (call.Origin == CallOrigin.Tcp)
        {
            await CheckPasswordAsync(call).ConfigureAwait(false);
        }

        return call.Process.Sessions.LoginLocal();
    }

    private static JsonNode? Logout(Call call)
    {
        call.Process.Sessions.Logout(call.Session);
        return null;
    }

    /// <summary>There is one user, root, so every session is one of it.</summary>
    private static JsonNode IsLocalSuperuser(Call call)
    {
        string asked = call.Text(0);
        return call.Process.Sessions.IsLocal(asked) || call.Process.Sessions.IsNormal(asked)
            ? true
            : throw new ApiException("HANDLE_INVALID", "session", asked);
    }

    private static void AssertMaster(XapiProcess process)
    {
        if (!process.IsMaster)
        {
            throw new ApiException("HOST_IS_SLAVE", process.Role.MasterAddress);
        }
    }

    private static void AssertSecret(Call call, string secret)
    {
        if (secret != call.Process.Host.Pool.PoolSecret)
        {
            throw new ApiException("SESSION_AUTHENTICATION_FAILED", "pool", "wrong pool secret");
        }
    }

    private static async Task CheckPasswordAsync(Call call)
    {
        if (call.Text(0) == "root" && call.Text(1) == call.Process.Host.Pool.RootPassword)
        {
            return;
        }

        await call.Process.Delay(call.Process.Host.Timings.WrongPassword).ConfigureAwait(false);
        throw new ApiException("SESSION_AUTHENTICATION_FAILED", call.Text(0), "Authentication failure");
    }
}
