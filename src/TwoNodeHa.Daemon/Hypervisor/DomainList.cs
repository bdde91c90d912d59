using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// Reads the output of list_domains: a header, then <c>domid | uuid | state</c>. A line that is not understood makes the
/// whole list unreadable: "nothing runs here" must never come of a misunderstanding.
/// </summary>
internal static class DomainList
{
    public static (ImmutableArray<DomainFact> Guests, string Trouble) Parse(string output)
    {
        var guests = ImmutableArray.CreateBuilder<DomainFact>();
        var control = false;
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var columns = line.Split('|', StringSplitOptions.TrimEntries);
            if (columns.Length >= 3 && columns[0] == "id")
            {
                continue;
            }

            if (columns.Length < 3 || !int.TryParse(columns[0], NumberStyles.None, CultureInfo.InvariantCulture, out var domid)
                || !Guid.TryParse(columns[1], out var vm))
            {
                return ([], $"the list of domains has a line that is not understood: '{line}'");
            }

            if (domid == 0)
            {
                control = true;
            }
            else
            {
                // A dying domain still holds its memory and its devices: it counts until it is gone.
                guests.Add(new DomainFact(domid, vm) { State = StateOf(columns[2]) });
            }
        }

        return control ? (guests.ToImmutable(), "") : ([], "the list of domains does not show dom0");
    }

    /// <summary>
    /// The letters of list_domains and of xl: d dying, s shut down, c crashed, p paused, b blocked, r running. Without one of
    /// the first four it is a running one, whatever else is written there.
    /// </summary>
    private static DomainState StateOf(string letters) =>
        Shows(letters, 'd') ? DomainState.Dying
        : Shows(letters, 's') || Shows(letters, 'c') ? DomainState.Shutdown
        : Shows(letters, 'p') ? DomainState.Paused
        : DomainState.Running;

    private static bool Shows(string letters, char letter) => letters.Contains(letter, StringComparison.OrdinalIgnoreCase);
}
