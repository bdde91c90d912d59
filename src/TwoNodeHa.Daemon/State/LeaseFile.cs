using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.State;

/// <summary>
/// End of the right to run, for the next daemon of the same boot. It lies in the run directory and names the boot id, so
/// that neither a reboot nor a copied file can lend a lease. The service manager must not own that directory: systemd before
/// 235 removes a RuntimeDirectory at every end of the service, and each restart would grant a new right out of nothing.
/// </summary>
internal sealed class LeaseFile(string directory, string bootId)
{
    /// <summary>Mode of the directories that the daemon makes.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string FilePath => Path.Combine(directory, "lease");

    /// <summary>Boot id of the running kernel (random(4)).</summary>
    public static string KernelBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public Instant? Read()
    {
        try
        {
            var words = File.ReadAllText(FilePath).Split(' ', StringSplitOptions.TrimEntries);
            return words.Length == 2 && words[0] == bootId
                && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
                    ? new Instant(ticks)
                    : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the record; a failure leaves the older, shorter lease, which is the safe side.</summary>
    public void Write(Instant until)
    {
        try
        {
            var temporary = FilePath + ".new";
            Directory.CreateDirectory(directory, OwnerOnly);
            File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $"{bootId} {until.Ticks}"));
            File.Move(temporary, FilePath, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Without the record a restarted daemon has less time, nothing more. An older one may be of a right that has ended since.
            Forget();
        }
    }

    private void Forget()
    {
        try
        {
            File.Delete(FilePath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A directory that takes nothing: the record in it ends by itself.
        }
    }
}
