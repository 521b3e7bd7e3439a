public import Editing
public import Perception
import Support
import Tensors

extension NetworkSource where Network == any RelevanceNetwork {
    /// The network that lies beside a model as `MODEL-clipseg`, or the one that was named; nil where there is none.
    /// - Parameters:
    ///   - named: its folder, where somebody names it.
    ///   - model: the model's folder.
    /// - Throws: `ModelPlacesError`; the source itself throws `notRelevance` where the folder holds another network.
    public static func companion(_ named: String?, of model: String) throws -> RelevanceSource? {
        try ModelPlaces.companion(named, of: model, "clipseg").map { folder in
            RelevanceSource(lastName(of: folder)) { device in
                guard let network = try CLIPSeg(ifSegmenting: folder, device: device) else {
                    throw ModelPlacesError.notRelevance(path: folder)
                }
                return network
            }
        }
    }
}

extension NetworkSource where Network == CLIPScorer {
    /// The pair of towers that lies beside a model as `MODEL-clip`, or the one that was named; nil where there is none.
    /// - Parameters:
    ///   - named: its folder, where somebody names it.
    ///   - model: the model's folder.
    /// - Throws: `ModelPlacesError`.
    public static func companion(_ named: String?, of model: String) throws -> CLIPSource? {
        try ModelPlaces.companion(named, of: model, "clip").map { folder in
            CLIPSource(lastName(of: folder)) { try CLIPScorer(folder: folder, device: $0) }
        }
    }
}
